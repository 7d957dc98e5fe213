package oracle

import (
	"errors"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"
)

// Outcomes of calls beside the classes of failures: labels of
// oracle_calls_total.
const (
	outcomeOK       = "ok"
	outcomeBreaker  = "breaker"  // not made
	outcomeBulkhead = "bulkhead" // not made
)

// Outcomes of requests for a project's impact: labels of impact_requests_total, and
// except for the first the codes of its errors. Where the first failing oracle ends a
// request, its class with oracle_ before it is one, too.
const (
	requestOK          = "ok"
	requestBadID       = "bad_id"
	requestNoProject   = "no_such_project"
	requestOverloaded  = "overloaded"
	requestTimeout     = "timeout"
	requestUnavailable = "database_unavailable"
	requestCanceled    = "canceled"
	requestError       = "internal"
)

// requestOracle is the outcome of a request that a failing oracle ended.
func requestOracle(class failureClass) string { return "oracle_" + string(class) }

// metrics are what the impact service counts.
type metrics struct {
	requests  *prometheus.CounterVec
	took      prometheus.Histogram
	calls     *prometheus.CounterVec
	duration  prometheus.Histogram
	inFlight  prometheus.Gauge
	fanouts   prometheus.Counter
	truncated prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, b *breakers) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "impact_requests_total", Help: "Requests for a project's impact by outcome."}, []string{"outcome"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "impact_duration_seconds", Help: "Time from a request's arrival to its answer, whatever the outcome.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}),
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
	for _, outcome := range []string{requestOK, requestBadID, requestNoProject, requestOverloaded, requestTimeout,
		requestUnavailable, requestCanceled, requestError} {
		m.requests.WithLabelValues(outcome) // so that each is there as 0 from the start
	}
	for _, class := range []failureClass{classTimeout, classConnection, classStatus, classPayload, classTooLarge, classUnexpected} {
		m.requests.WithLabelValues(requestOracle(class))
		m.calls.WithLabelValues(string(class))
	}
	for _, outcome := range []string{outcomeOK, outcomeBreaker, outcomeBulkhead, string(classCanceled)} {
		m.calls.WithLabelValues(outcome)
	}
	problems := []error{registry.Register(m.requests), registry.Register(m.took), registry.Register(m.calls),
		registry.Register(m.duration), registry.Register(m.inFlight), registry.Register(m.fanouts), registry.Register(m.truncated)}
	for _, state := range []gobreaker.State{gobreaker.StateOpen, gobreaker.StateHalfOpen} {
		problems = append(problems, registry.Register(breakersIn(b, state)))
	}
	return m, errors.Join(problems...)
}

// breakersIn counts the breakers in a state when it is asked. One that is closed
// need not be kept, so those are not counted.
func breakersIn(b *breakers, state gobreaker.State) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "oracle_breakers", Help: "Oracles that are left alone because they failed (open), or of which one call tries whether they healed (half_open).",
		ConstLabels: prometheus.Labels{"state": strings.ReplaceAll(state.String(), "-", "_")},
	}, func() float64 { return float64(b.in(state)) })
}

// answered counts a request for a project's impact.
func (m *metrics) answered(outcome string, took time.Duration) {
	m.requests.WithLabelValues(outcome).Inc()
	m.took.Observe(took.Seconds())
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
