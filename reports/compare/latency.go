package compare

import (
	"errors"
	"fmt"
	"math"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/chart"
)

// Distribution is a stream's latency on both sides, all runs of a side together.
type Distribution struct {
	Scenario, Stream string
	Old, New         []chart.Quantile
	NOld, NNew       int64 // requests
}

// quantile is one of the percentiles that are compared, and how many requests
// it needs to mean anything.
type quantile struct {
	name string
	q    float64
	need int64
}

// The median and the tail: each further row would cost all of them power.
func compared() []quantile {
	return []quantile{{"p50", 50, 20}, {"p99", 99, verdict.SamplesFor(99)}}
}

// latencies is one stream's latency on one side.
type latencies struct {
	merged *hdr.PackedHistogram
	each   []*hdr.PackedHistogram // of a run
	shapes map[string]bool
}

type stream struct{ scenario, name string }

// latencyRows compares the streams' latencies from the planned send.
func latencyRows(before, after []*result.Run) ([]Row, []Distribution) {
	var order []stream
	seen := map[stream]bool{}
	old, new := sideLatencies(before, &order, seen), sideLatencies(after, &order, seen)
	var rows []Row
	var all []Distribution
	for _, s := range order {
		a, b := old[s], new[s]
		if a == nil || b == nil {
			continue // the scenario itself is missing, and its checks say so
		}
		d := Distribution{Scenario: s.scenario, Stream: s.name, NOld: a.merged.TotalCount(), NNew: b.merged.TotalCount()}
		d.Old, d.New = chart.Quantiles(a.merged), chart.Quantiles(b.merged)
		all = append(all, d)
		for _, q := range compared() {
			rows = append(rows, q.row(s, a, b))
		}
	}
	return rows, all
}

func (q quantile) row(s stream, a, b *latencies) Row {
	r := Row{Scenario: s.scenario, Name: "latency of " + s.name + ", " + q.name, Unit: result.UnitMS}
	for _, side := range []struct {
		l   *latencies
		sum *Summary
		bad *[]float64
	}{{a, &r.Old, &r.badOld}, {b, &r.New, &r.badNew}} {
		for _, h := range side.l.each {
			if h.TotalCount() < q.need {
				continue
			}
			v := float64(h.ValueAtPercentile(q.q)) / 1000
			side.sum.N++
			side.sum.values(v)
			*side.bad = append(*side.bad, v)
		}
	}
	switch {
	case !sameKeys(a.shapes, b.shapes):
		r.Difference, r.Reason = NoEvidence, "the load was not the same on both sides"
	case r.Old.N == 0 || r.New.N == 0:
		r.Difference, r.Reason = NoEvidence, fmt.Sprintf("fewer than %d requests in each run of a side", q.need)
	case a.single(b):
		r.Difference, r.Reason = NoEvidence, samplingError(a.each[0], b.each[0], q.q)
	}
	return r
}

func (l *latencies) single(other *latencies) bool { return len(l.each) == 1 && len(other.each) == 1 }

// sideLatencies decodes the histograms of one side, of valid experiments alone.
func sideLatencies(runs []*result.Run, order *[]stream, seen map[stream]bool) map[stream]*latencies {
	all := map[stream]*latencies{}
	for _, run := range runs {
		for _, s := range run.Scenarios {
			if !valid(s) {
				continue
			}
			for _, st := range s.Streams {
				h, err := decode(st.Histogram)
				if err != nil || h.TotalCount() == 0 {
					continue
				}
				key := stream{s.Name, st.Name}
				if !seen[key] {
					seen[key] = true
					*order = append(*order, key)
				}
				l := all[key]
				if l == nil {
					l = &latencies{merged: hdr.NewPacked(1, maxMicros, 3), shapes: map[string]bool{}}
					all[key] = l
				}
				l.merged.Merge(h)
				l.each = append(l.each, h)
				l.shapes[st.Shape] = true
			}
		}
	}
	return all
}

// maxMicros is more than any request may take: an hour.
const maxMicros = 3_600_000_000

func decode(text string) (*hdr.PackedHistogram, error) {
	if text == "" || len(text) > latency.MaxText {
		return nil, errors.New("no histogram, or one longer than 1 MiB")
	}
	return hdr.DecodePacked([]byte(text))
}

// valid reports whether the experiment proves anything: all its evidence held.
func valid(s result.Scenario) bool {
	if s.Error != "" || s.Verdict != result.Pass && s.Verdict != result.Fail {
		return false
	}
	for _, c := range s.Evidence {
		if c.Verdict != result.Pass {
			return false
		}
	}
	return true
}

// samplingError says whether two runs' percentiles differ by more than the
// number of requests explains. It is no evidence of a change: two runs of the
// same thing differ by more than that, for their requests are not independent.
func samplingError(a, b *hdr.PackedHistogram, q float64) string {
	aLo, aHi := interval(a, q)
	bLo, bHi := interval(b, q)
	if aHi >= bLo && bHi >= aLo {
		return "within the sampling error of one run"
	}
	return "beyond the sampling error of one run, but one run a side can't tell a change from noise between runs"
}

// interval is a percentile's range at about 95 %, from the order statistics: the
// rank of the q-quantile of n is n·q ± 1.96·√(n·q·(1-q)). Milliseconds.
func interval(h *hdr.PackedHistogram, q float64) (lo, hi float64) {
	n, p := float64(h.TotalCount()), q/100
	spread := 1.96 * math.Sqrt(n*p*(1-p)) / n
	at := func(p float64) float64 {
		return float64(h.ValueAtPercentile(100*min(max(p, 0), 1))) / 1000
	}
	return at(p - spread), at(p + spread)
}

func sameKeys(a, b map[string]bool) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if !b[k] {
			return false
		}
	}
	return true
}
