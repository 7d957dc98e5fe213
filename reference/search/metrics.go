package search

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Outcomes of a search: labels of search_requests_total, and except for the
// first the codes of its errors.
const (
	outcomeOK          = "ok"
	outcomeBadQuery    = "bad_query"
	outcomeOverloaded  = "overloaded"
	outcomeTimeout     = "timeout"
	outcomeUnavailable = "database_unavailable"
	outcomeCanceled    = "canceled"
	outcomeError       = "internal"
)

// slo is what nearly all searches are to be answered within: a bound of the
// histogram's buckets, so that a rule can tell who was.
const slo = time.Second

// metrics are what the search counts.
type metrics struct {
	requests  *prometheus.CounterVec
	duration  prometheus.Histogram
	truncated prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "search_requests_total", Help: "Searches by outcome."}, []string{"outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "search_duration_seconds", Help: "Time from a search's arrival to its answer, whatever the outcome.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, slo.Seconds(), 2.5, 5, 10}}),
		truncated: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "search_results_truncated_total", Help: "Searches that had more matches than they returned."}),
	}
	err := errors.Join(registry.Register(m.requests), registry.Register(m.duration), registry.Register(m.truncated))
	for _, outcome := range []string{outcomeOK, outcomeBadQuery, outcomeOverloaded, outcomeTimeout,
		outcomeUnavailable, outcomeCanceled, outcomeError} {
		m.requests.WithLabelValues(outcome) // so that each is there as 0 from the start
	}
	return m, err
}

func (m *metrics) observe(outcome string, took time.Duration, truncated bool) {
	m.requests.WithLabelValues(outcome).Inc()
	m.duration.Observe(took.Seconds())
	if truncated {
		m.truncated.Inc()
	}
}
