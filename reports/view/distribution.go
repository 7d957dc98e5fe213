package view

import (
	"errors"
	"fmt"
	"strconv"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
	"holdfast.dev/holdfast/reports/chart"
)

// Distribution is the latency of one stream as a curve and in numbers. Note
// says what is wrong where there is no curve.
type Distribution struct {
	Stream  string
	Plot    *chart.Plot
	Columns []string
	Rows    []QuantileRow
	Slowest []Request
	Traced  []Request // the slowest of those that carried the id of a trace
	Note    string
}

// Request is one of the slowest requests. Trace is the id of its trace, empty for none.
type Request struct{ Took, Path, Trace string }

type QuantileRow struct {
	Name  string
	Cells []string
}

// distributions draws each stream's latency, from the plan and from the send.
func distributions(s result.Scenario) []Distribution {
	var list []Distribution
	for _, stream := range s.Streams {
		d := Distribution{Stream: stream.Name}
		var curves []chart.Curve
		add := func(name string, style chart.Style, encoded string, q *result.Quantiles) {
			if q != nil && q.N > 0 {
				d.column(name, latency.Completed(q, encoded))
			}
			if encoded == "" {
				return
			}
			points, err := quantiles(encoded)
			if err != nil {
				d.Note = "the histogram " + name + " can't be read: " + err.Error()
				return
			}
			curves = append(curves, chart.Curve{Name: name, Style: style, Points: points})
		}
		add("from the plan", chart.Main, stream.Histogram, stream.Latency)
		add("from the send", chart.Reference, stream.HistogramFromSend, stream.LatencyFromSend)
		if plot, ok := (chart.Distribution{Title: "Latency distribution of " + stream.Name, Curves: curves}).Draw(); ok {
			d.Plot = &plot
		}
		d.Slowest, d.Traced = slowestRows(stream.Slowest), slowestRows(stream.SlowestTraced)
		if d.Plot != nil || d.Note != "" || len(d.Rows) > 0 {
			list = append(list, d)
		}
	}
	return list
}

// mostSlowest bounds what is shown: a file may hold any number.
const mostSlowest = 20

func slowestRows(requests []result.Request) []Request {
	var rows []Request
	for _, r := range requests[:min(len(requests), mostSlowest)] {
		answer := "no answer"
		if r.Status != 0 {
			answer = "status " + strconv.Itoa(r.Status)
		}
		if r.Class != "" {
			answer += " (" + r.Class + ")"
		}
		rows = append(rows, Request{Path: r.Path, Trace: r.TraceID, Took: fmt.Sprintf("%s from the plan, %s from the send, due at %s, %s",
			result.Format(r.LatencyMS, result.UnitMS), result.Format(r.LatencyFromSendMS, result.UnitMS), at(r.DueS), answer)})
	}
	return rows
}

// Column adds one distribution's numbers beside the others.
func (d *Distribution) column(name string, q *result.Quantiles) {
	d.Columns = append(d.Columns, name)
	ms := func(v float64) string { return result.Format(v, result.UnitMS) }
	cells := [][2]string{
		{"p50", ms(q.P50)}, {"p90", ms(q.P90)}, {"p95", optional(q.P95, result.UnitMS)}, {"p99", ms(q.P99)}, {"p99.9", ms(q.P999)}, {"largest", ms(q.Max)},
		{"mean", ms(q.Mean)}, {"samples", count(q.N)},
	}
	for i, c := range cells {
		if len(d.Columns) == 1 {
			d.Rows = append(d.Rows, QuantileRow{Name: c[0]})
		}
		d.Rows[i].Cells = append(d.Rows[i].Cells, c[1])
	}
}

// quantiles reads a histogram as run.json holds it.
func quantiles(encoded string) ([]chart.Quantile, error) {
	if len(encoded) > latency.MaxText {
		return nil, errors.New("it is longer than 1 MiB")
	}
	h, err := hdr.DecodePacked([]byte(encoded))
	if err != nil {
		return nil, err
	}
	return chart.Quantiles(h), nil
}
