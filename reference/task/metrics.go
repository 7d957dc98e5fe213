package task

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Outcomes of an attempt beside the classes of errors: labels of
// task_attempts_total.
const (
	outcomeOK          = "ok"
	outcomeInterrupted = "interrupted" // cut because the program stops
	outcomeParked      = "parked"      // refused for its key, and to be tried again
)

// metrics are what the tasks count.
type metrics struct {
	attempts, retries, failed *prometheus.CounterVec
	queue                     *queueMetrics
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "task_attempts_total", Help: "Attempts at tasks by their outcome."}, []string{"kind", "outcome"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "task_retries_total", Help: "Tasks put back for another attempt."}, []string{"kind"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "task_failed_total", Help: "Tasks given up, by the class of their last error."}, []string{"kind", "class"}),
		queue: &queueMetrics{
			jobs: prometheus.NewDesc("queue_jobs", "Tasks in the database by state.", []string{"state"}, nil),
			oldest: prometheus.NewDesc("queue_oldest_job_age_seconds",
				"For how long the task that waits longest has been due.", []string{"queue"}, nil),
		},
	}
	err := errors.Join(registry.Register(m.attempts), registry.Register(m.retries), registry.Register(m.failed),
		registry.Register(m.queue))
	for _, kind := range taskKinds() { // so that each is there as 0 from the start
		for _, outcome := range []string{outcomeOK, outcomeInterrupted, outcomeParked} {
			m.attempts.WithLabelValues(kind, outcome)
		}
		m.retries.WithLabelValues(kind)
		for _, class := range errorClasses() {
			m.attempts.WithLabelValues(kind, string(class))
			m.failed.WithLabelValues(kind, string(class))
		}
	}
	return m, err
}

func (m *metrics) attempt(kind, outcome string) { m.attempts.WithLabelValues(kind, outcome).Inc() }
func (m *metrics) retry(kind string)            { m.retries.WithLabelValues(kind).Inc() }
func (m *metrics) fail(kind string, class errorClass) {
	m.failed.WithLabelValues(kind, string(class)).Inc()
}
func (m *metrics) counted(c counts, at time.Time) { m.queue.latest.Store(&snapshot{c, at}) }

// staleAfter is how old a count may be and still be shown. What could not be
// counted for longer is absent rather than wrong.
const staleAfter = 5 * time.Second

// snapshot is a count of the queues and when it was taken.
type snapshot struct {
	counts counts
	at     time.Time
}

// queueMetrics show the latest count of the queues. They never wait for the
// database: somebody else counts.
type queueMetrics struct {
	jobs, oldest *prometheus.Desc
	latest       atomic.Pointer[snapshot]
}

// Describe implements [prometheus.Collector].
func (q *queueMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- q.jobs; ch <- q.oldest }

// Collect implements [prometheus.Collector].
func (q *queueMetrics) Collect(ch chan<- prometheus.Metric) {
	s := q.latest.Load()
	if s == nil || time.Since(s.at) > staleAfter {
		return
	}
	for _, state := range taskStates() {
		ch <- prometheus.MustNewConstMetric(q.jobs, prometheus.GaugeValue, float64(s.counts.states[state]), string(state))
	}
	for queue, age := range s.counts.oldest {
		ch <- prometheus.MustNewConstMetric(q.oldest, prometheus.GaugeValue, age.Seconds(), queue)
	}
}
