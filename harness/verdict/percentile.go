package verdict

import "holdfast.dev/holdfast/harness/result"

// Percentile is one number of a latency distribution.
type Percentile struct {
	Name string // the last word of a metric: p99 of search.latency.p99
	Of   func(result.Quantiles) float64
	// Needs is how many samples it takes for the number to mean anything.
	Needs int64
}

// Percentiles are the numbers that are measured of each distribution.
func Percentiles() []Percentile {
	return []Percentile{
		{"p50", func(q result.Quantiles) float64 { return q.P50 }, 1},
		{"p90", func(q result.Quantiles) float64 { return q.P90 }, 10},
		{"p99", func(q result.Quantiles) float64 { return q.P99 }, 100},
		{"p99_9", func(q result.Quantiles) float64 { return q.P999 }, 1000},
		{"max", func(q result.Quantiles) float64 { return q.Max }, 1},
		{"mean", func(q result.Quantiles) float64 { return q.Mean }, 1},
	}
}

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
	return Reading{Value: p.Of(*q), Samples: q.N}
}

// Distribution is one of a stream's distributions of latency.
type Distribution struct {
	Name string // a word of a metric: latency of search.latency.p99
	Of   func(result.Counts) *result.Quantiles
}

// Distributions are what is measured of each stream's latencies.
func Distributions() []Distribution {
	return []Distribution{
		{"latency", func(c result.Counts) *result.Quantiles { return c.Latency }},
		{"latency_ok", func(c result.Counts) *result.Quantiles { return c.LatencyOK }},
		{"latency_from_send", func(c result.Counts) *result.Quantiles { return c.LatencyFromSend }},
	}
}
