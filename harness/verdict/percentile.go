package verdict

import (
	"cmp"
	"math"

	"holdfast.dev/holdfast/harness/result"
)

// Percentile is one number of a latency distribution.
type Percentile struct {
	Name string // the last word of a metric: p99 of search.latency.p99
	// Of is nil where the file does not have the number.
	Of func(result.Quantiles) *float64
	// Needs is how many samples it takes for the number to mean anything.
	Needs int64
	// Percent is which part of the samples it is not less than; 0 of what is no percentile.
	Percent float64
}

// Percentiles are the numbers that are measured of each distribution.
func Percentiles() []Percentile {
	return []Percentile{
		{"p50", func(q result.Quantiles) *float64 { return &q.P50 }, 1, 50},
		{"p90", func(q result.Quantiles) *float64 { return &q.P90 }, SamplesFor(90), 90},
		{"p95", func(q result.Quantiles) *float64 { return q.P95 }, SamplesFor(95), 95},
		{"p99", func(q result.Quantiles) *float64 { return &q.P99 }, SamplesFor(99), 99},
		{"p99_9", func(q result.Quantiles) *float64 { return &q.P999 }, SamplesFor(99.9), 99.9},
		{"max", func(q result.Quantiles) *float64 { return &q.Max }, 1, 0},
		{"mean", func(q result.Quantiles) *float64 { return &q.Mean }, 1, 0},
	}
}

// SamplesFor is how many samples a percentile needs to mean anything: as many as it
// takes for one to lie above it.
func SamplesFor(percent float64) int64 { return int64(math.Round(100 / (100 - percent))) }

// PercentileOf finds one of [Percentiles] by its name.
func PercentileOf(name string) (Percentile, bool) {
	for _, p := range Percentiles() {
		if p.Name == name {
			return p, true
		}
	}
	return Percentile{}, false
}

// Read is the percentile of a distribution, which may be nil: nothing was measured.
func (p Percentile) Read(q *result.Quantiles) Reading {
	if q == nil || q.N == 0 {
		return Reading{}
	}
	value := p.Of(*q)
	if value == nil {
		return Reading{}
	}
	return Reading{Value: *value, Samples: q.N}
}

// Distribution is one of a stream's distributions of latency.
type Distribution struct {
	Name  string // a word of a metric: latency of search.latency.p99
	About string // from when to when it counts
	Of    func(result.Counts) *result.Quantiles
	// Histogram is what Of was read from; empty where a file does not have it.
	Histogram func(result.Histograms) string
	// FromDue says that it counts all requests, from the moment they were due.
	FromDue bool
}

// Distributions are what is measured of each stream's latencies.
func Distributions() []Distribution {
	return []Distribution{
		{"latency", "from when a request was due until it was answered or given up", func(c result.Counts) *result.Quantiles { return c.Latency }, func(h result.Histograms) string { return h.Histogram }, true},
		{"latency_ok", "from when a request was due until its expected answer", func(c result.Counts) *result.Quantiles { return c.LatencyOK }, func(h result.Histograms) string { return cmp.Or(h.HistogramOK, h.Histogram) }, false},
		{"latency_from_send", "from when a request was sent until it was answered or given up", func(c result.Counts) *result.Quantiles { return c.LatencyFromSend }, func(h result.Histograms) string { return h.HistogramFromSend }, false},
	}
}
