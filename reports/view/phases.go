package view

import (
	"math"
	"slices"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
	"holdfast.dev/holdfast/harness/verdict"
)

// PhaseTable sets the phases beside each other: before, during, after.
type PhaseTable struct {
	Caption string
	Columns []Column
	Rows    []PhaseRow
}

// Column is a phase with what it is to the fault.
type Column struct{ Name, Role, Word string }

type PhaseRow struct {
	Name  string
	Cells []string
	Quiet bool
}

func roleOf(phase string) string {
	return map[string]string{
		result.WarmUp: "not judged", result.Baseline: "before", result.Inject: "during", result.Heal: "after", result.Drain: "no new load",
	}[phase]
}

// phaseTables tells for each stream what it did in each phase.
func phaseTables(s result.Scenario) []PhaseTable {
	var tables []PhaseTable
	for _, stream := range s.Streams {
		t := PhaseTable{Caption: stream.Name}
		switch {
		case stream.StepOf != "":
			t.Caption += ": a step of " + stream.StepOf
		case stream.Shape != "":
			t.Caption += ": " + stream.Shape
		}
		var spans []result.StreamPhase
		for _, p := range stream.Phases {
			if p.Planned > 0 || p.Sent > 0 {
				p.Latency = latency.Completed(p.Latency, p.Histogram)
				spans = append(spans, p)
				t.Columns = append(t.Columns, Column{Name: p.Phase, Role: roleOf(p.Phase)})
			}
		}
		whole := result.StreamPhase{Counts: stream.Counts}
		whole.Latency = latency.Completed(stream.Latency, stream.Histogram)
		spans = append(spans, whole)
		t.Columns = append(t.Columns, Column{Name: "whole load"})
		for _, r := range streamRows() {
			if r.name == "refused in order" && stream.Errors[shedByTarget] == 0 || r.name == spanning && !anySpanning(stream) {
				continue
			}
			cells := make([]string, len(spans))
			for i, p := range spans {
				cells[i] = r.cell(p.Counts, lengthOf(s, p.Phase))
			}
			t.Rows = append(t.Rows, PhaseRow{Name: r.name, Cells: cells, Quiet: r.quiet})
		}
		tables = append(tables, t)
	}
	return tables
}

func lengthOf(s result.Scenario, name string) float64 {
	p, ok := phase(s, name)
	if !ok {
		return 0
	}
	return p.Length().Seconds()
}

type streamRow struct {
	name  string
	quiet bool
	cell  func(c result.Counts, seconds float64) string
}

// streamRows are what is said of a stream in a span of that many seconds (0: not
// known).
func streamRows() []streamRow {
	return []streamRow{
		{"planned", false, func(c result.Counts, seconds float64) string {
			if seconds <= 0 {
				return count(c.Planned)
			}
			return count(c.Planned) + " (" + result.Format(float64(c.Planned)/seconds, result.UnitPerS) + ")"
		}},
		{"sent", false, func(c result.Counts, _ float64) string { return ofPlanned(c.Sent, c.Planned) }},
		{spanning, true, func(c result.Counts, _ float64) string { return count(c.Spanning) }},
		{"expected answers", false, func(c result.Counts, _ float64) string { return ofPlanned(c.OK, c.Sent-c.Spanning) }},
		{"refused in order", true, func(c result.Counts, _ float64) string {
			return ofPlanned(c.Errors[shedByTarget], c.Sent-c.Spanning)
		}},
		{"failed", false, failed},
		{"latency p50", false, percentile("p50")},
		{"p95", false, percentile("p95")},
		{"p99", false, percentile("p99")},
		{"p99.9", false, percentile("p99_9")},
		{"largest", false, percentile("max")},
		{"latency samples", true, func(c result.Counts, _ float64) string {
			if c.Latency == nil {
				return "0"
			}
			return count(c.Latency.N)
		}},
		{"send lag p99", true, func(c result.Counts, _ float64) string { return optional(c.SendLagP99MS, result.UnitMS) }},
	}
}

// failed counts what was sent and neither answered as expected nor refused in
// order. While a run goes on its errors are not known yet.
func failed(c result.Counts, _ float64) string {
	if c.Errors == nil && c.Latency == nil && c.Sent > c.OK {
		return notMeasured
	}
	return ofPlanned(c.Sent-c.Spanning-c.OK-c.Errors[shedByTarget], c.Sent-c.Spanning)
}

// spanning is what those are called of which a phase does not know how they ended.
const spanning = "open when the fault began"

func anySpanning(s result.Stream) bool {
	return slices.ContainsFunc(s.Phases, func(p result.StreamPhase) bool { return p.Spanning > 0 })
}

func ofPlanned(n, all int64) string {
	if all <= 0 {
		return count(n)
	}
	return count(n) + " (" + ratio(n, all) + ")"
}

// percentile shows a percentile only where it rests on enough samples to mean
// anything.
func percentile(name string) func(result.Counts, float64) string {
	p, known := verdict.PercentileOf(name)
	return func(c result.Counts, _ float64) string {
		r := verdict.Reading{}
		if known {
			r = p.Read(c.Latency)
		}
		switch {
		case r.Samples == 0:
			return notMeasured
		case r.Samples < p.Needs:
			return "too few"
		default:
			return result.Format(r.Value, result.UnitMS)
		}
	}
}

const mostPeaks = 16

// peaks is the charts in words: the greatest value of every series but those of
// the load, by phase, with how many samples it rests on.
func peaks(s result.Scenario) *PhaseTable {
	t := PhaseTable{Caption: "Peaks by phase (samples)"}
	for _, p := range s.Phases {
		t.Columns = append(t.Columns, Column{Name: p.Name, Role: roleOf(p.Name)})
	}
	for _, series := range s.Series {
		if series.Unit == result.UnitMS || series.Unit == result.UnitPerS || len(t.Rows) == mostPeaks {
			continue
		}
		r := PhaseRow{Name: series.Name}
		for _, p := range s.Phases {
			r.Cells = append(r.Cells, peakIn(series, p))
		}
		t.Rows = append(t.Rows, r)
	}
	if len(t.Rows) == 0 || len(t.Columns) == 0 {
		return nil
	}
	return &t
}

func peakIn(s result.Series, p result.Phase) string {
	peak, n := math.Inf(-1), int64(0)
	for i := range min(len(s.T), len(s.V)) {
		if s.T[i] >= p.From.Seconds() && s.T[i] < p.To.Seconds() && !math.IsNaN(s.V[i]) {
			peak, n = max(peak, s.V[i]), n+1
		}
	}
	if n == 0 {
		return notMeasured
	}
	return result.Format(peak, s.Unit) + " (" + count(n) + ")"
}
