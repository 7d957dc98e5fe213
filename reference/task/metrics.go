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

// Which attempts: labels of task_attempts_total.
const (
	attemptFirst = "first"
	attemptRetry = "retry"
)

// Outcomes of requests to take a task on: labels of task_requests_total, and except
// for the first the codes of their errors.
const (
	requestAccepted    = "accepted"
	requestBad         = "bad_task"
	requestTimeout     = "timeout"
	requestOverloaded  = "overloaded"
	requestUnavailable = "database_unavailable"
	requestError       = "internal"
)

// metrics are what the tasks count.
type metrics struct {
	requests                             *prometheus.CounterVec
	attempts, retries, succeeded, failed *prometheus.CounterVec
	queue                                *queueMetrics
	heartbeat                            *heartbeat
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "task_requests_total", Help: "Requests to take a task on, by outcome."}, []string{"outcome"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "task_attempts_total", Help: "Attempts at tasks by their outcome; a task's first and those after it apart."}, []string{"kind", "attempt", "outcome"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "task_retries_total", Help: "Tasks put back for another attempt."}, []string{"kind"}),
		succeeded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "task_succeeded_total", Help: "Tasks done."}, []string{"kind"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "task_failed_total", Help: "Tasks given up, by the class of their last error."}, []string{"kind", "class"}),
		queue: &queueMetrics{
			jobs: prometheus.NewDesc("queue_jobs", "Tasks in the database by state.", []string{"state"}, nil),
			oldest: prometheus.NewDesc("queue_oldest_job_age_seconds",
				"For how long the task that waits longest has been due.", []string{"queue"}, nil),
			parked: prometheus.NewDesc("queue_parked_jobs", "Tasks that wait because their queue is stopped.", nil, nil),
		},
		heartbeat: &heartbeat{desc: prometheus.NewDesc("task_worker_heartbeat_timestamp_seconds",
			"When this worker last wrote a sign of life, as seconds since 1970.", nil, nil)},
	}
	m.fromTheStart()
	return m, errors.Join(registry.Register(m.requests), registry.Register(m.attempts), registry.Register(m.retries),
		registry.Register(m.succeeded), registry.Register(m.failed), registry.Register(m.queue), registry.Register(m.heartbeat))
}

// fromTheStart makes each counter that there will be, as 0.
func (m *metrics) fromTheStart() {
	for _, outcome := range []string{requestAccepted, requestBad, requestTimeout, requestOverloaded, requestUnavailable, requestError} {
		m.requests.WithLabelValues(outcome)
	}
	for _, kind := range taskKinds() {
		for _, attempt := range []string{attemptFirst, attemptRetry} {
			for _, outcome := range []string{outcomeOK, outcomeInterrupted, outcomeParked} {
				m.attempts.WithLabelValues(kind, attempt, outcome)
			}
			for _, class := range errorClasses() {
				m.attempts.WithLabelValues(kind, attempt, string(class))
			}
		}
		m.retries.WithLabelValues(kind)
		m.succeeded.WithLabelValues(kind)
		for _, class := range errorClasses() {
			m.failed.WithLabelValues(kind, string(class))
		}
	}
}

func (m *metrics) request(outcome string) { m.requests.WithLabelValues(outcome).Inc() }

// attempt counts an attempt that ended, by its number from 1.
func (m *metrics) attempt(kind string, number int, outcome string) {
	which := attemptFirst
	if number > 1 {
		which = attemptRetry
	}
	m.attempts.WithLabelValues(kind, which, outcome).Inc()
}

func (m *metrics) retry(kind string)   { m.retries.WithLabelValues(kind).Inc() }
func (m *metrics) succeed(kind string) { m.succeeded.WithLabelValues(kind).Inc() }
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
	jobs, oldest, parked *prometheus.Desc
	latest               atomic.Pointer[snapshot]
}

// Describe implements [prometheus.Collector].
func (q *queueMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- q.jobs
	ch <- q.oldest
	ch <- q.parked
}

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
	ch <- prometheus.MustNewConstMetric(q.parked, prometheus.GaugeValue, float64(s.counts.parked))
}

// heartbeat shows when the latest sign of life was written; nothing before the first,
// as of a process that works no tasks.
type heartbeat struct {
	desc   *prometheus.Desc
	latest atomic.Pointer[time.Time]
}

func (h *heartbeat) beat(at time.Time) { h.latest.Store(&at) }

// Describe implements [prometheus.Collector].
func (h *heartbeat) Describe(ch chan<- *prometheus.Desc) { ch <- h.desc }

// Collect implements [prometheus.Collector].
func (h *heartbeat) Collect(ch chan<- prometheus.Metric) {
	if at := h.latest.Load(); at != nil {
		ch <- prometheus.MustNewConstMetric(h.desc, prometheus.GaugeValue, float64(at.UnixMicro())/1e6)
	}
}
