package oracle

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Outcomes of calls beside the classes of failures: labels of
// oracle_calls_total.
const (
	outcomeOK       = "ok"
	outcomeBreaker  = "breaker"  // not made
	outcomeBulkhead = "bulkhead" // not made
)

// metrics are what the impact service counts.
type metrics struct {
	calls     *prometheus.CounterVec
	duration  prometheus.Histogram
	inFlight  prometheus.Gauge
	fanouts   prometheus.Counter
	truncated prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, b *breakers) (*metrics, error) {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oracle_calls_total", Help: "Calls to oracles by outcome; breaker and bulkhead were not made."}, []string{"outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "oracle_call_duration_seconds", Help: "Time that a call to an oracle took, whatever the outcome.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "oracle_calls_in_flight", Help: "Calls to oracles that are under way."}),
		fanouts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "oracle_fanouts_total", Help: "Requests for which a project's oracles were asked."}),
		truncated: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "oracle_fanouts_truncated_total", Help: "Requests for which not all of a project's active oracles were asked."}),
	}
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "oracle_breakers_open", Help: "Oracles that are left alone because they failed, or are tried again."},
		func() float64 { return float64(b.open()) })
	for _, class := range []failureClass{classTimeout, classConnection, classStatus, classPayload, classTooLarge, classUnexpected, classCanceled,
		outcomeOK, outcomeBreaker, outcomeBulkhead} {
		m.calls.WithLabelValues(string(class)) // so that each is there as 0 from the start
	}
	return m, errors.Join(registry.Register(m.calls), registry.Register(m.duration), registry.Register(m.inFlight),
		registry.Register(m.fanouts), registry.Register(m.truncated), registry.Register(open))
}

// called counts a call that ended, or that was not made.
func (m *metrics) called(f *oracleFailure, took time.Duration) {
	switch {
	case f == nil:
		m.calls.WithLabelValues(outcomeOK).Inc()
	case f.refused != "":
		m.calls.WithLabelValues(f.refused).Inc()
		return // its time is none of the oracle's
	default:
		m.calls.WithLabelValues(string(f.Class)).Inc()
	}
	m.duration.Observe(took.Seconds())
}
