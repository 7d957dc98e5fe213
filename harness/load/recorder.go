package load

import (
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
)

// Histograms count microseconds. Longer latencies than the longest are counted
// as that.
const (
	longest      = int64(time.Hour / time.Microsecond)
	digits       = 3 // of the histograms that are judged: 0.1 %
	coarseDigits = 2 // of those that are drawn, and of the send lag: 1 %
)

// counted is what became of the requests that were due in one span.
type counted struct {
	sent, completed, ok, late, shed, unsent int64
	errors                                  map[string]int64
	statuses                                map[int]int64

	// Absent until there is something to record.
	latency, latencyOK, fromSend, lag *hdr.Histogram
}

// exchange is one request that was sent and what came of it.
type exchange struct {
	n              int64 // which request
	due, sent, end time.Duration
	status         int    // of an answer that arrived whole, otherwise 0
	class          string // empty: the expected answer
	path           string // what was asked
}

// recorder keeps the books of one stream.
type recorder struct {
	starts, ends []time.Duration // of the phases

	mu       sync.Mutex // guards all below
	tallies  []counted  // one a phase, and a last one for what is due outside
	series   *intervals
	inFlight gauge
	open     int64 // sent and not answered
	maxOpen  int64
	total    counted // counts alone, for Live
	problem  error   // the first request that could not be built
	answered numbers // the requests that got the expected answer
	slowest  slowest // of those that were due after the warm-up
	warm     time.Duration
}

func newRecorder(s Stream, phases []result.Phase, interval time.Duration) *recorder {
	r := &recorder{
		tallies:  make([]counted, len(phases)+1),
		series:   newIntervals(s.StartAt, s.Profile.Duration(), interval),
		inFlight: gauge{startAt: s.StartAt, width: interval},
	}
	for _, p := range phases {
		if p.Name == result.WarmUp {
			r.warm = p.To
		}
		r.starts = append(r.starts, p.From)
		r.ends = append(r.ends, p.To)
	}
	return r
}

// at returns the counts of the phase in which due lies.
func (r *recorder) at(due time.Duration) *counted {
	for i := range r.starts {
		if due >= r.starts[i] && due < r.ends[i] {
			return &r.tallies[i]
		}
	}
	return &r.tallies[len(r.starts)]
}

// handOn notes that a request is on its way to a worker.
func (r *recorder) handOn(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.series.expect(due)
}

// late counts a request that was too far behind when its turn came.
func (r *recorder) late(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at(due).late++
	r.total.late++
	r.series.touch(due)
}

// lateAfterAll counts a request that fell behind after it had been handed on.
func (r *recorder) lateAfterAll(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at(due).late++
	r.total.late++
	r.series.drop(due)
}

// shed counts a request for which there was no room.
func (r *recorder) shed(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at(due).shed++
	r.total.shed++
	r.series.touch(due)
}

// unsent counts a request that was handed on when the run ended.
func (r *recorder) unsent(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at(due).unsent++
	r.total.unsent++
	r.series.drop(due)
}

// unreached counts the requests of a plan from n on, phase by phase: there may
// be millions.
func (r *recorder) unreached(plan Profile, startAt time.Duration, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := max(0, Planned(plan)-n)
	r.total.unsent += rest
	outside := rest
	for i := range r.starts {
		first := max(n, DueBefore(plan, r.starts[i]-startAt))
		here := max(0, DueBefore(plan, r.ends[i]-startAt)-first)
		r.tallies[i].unsent += here
		outside -= here
	}
	r.tallies[len(r.starts)].unsent += outside
}

// unfit counts a request that could not be built, and keeps the first reason.
func (r *recorder) unfit(due time.Duration, why error) {
	r.unsent(due)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.problem == nil {
		r.problem = why
	}
}

// send notes that a request leaves now.
func (r *recorder) send(due, now time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total.sent++
	r.open++
	r.maxOpen = max(r.maxOpen, r.open)
	r.inFlight.set(now, r.open)
	r.series.send(due)
	t := r.at(due)
	t.sent++
	record(&t.lag, now-due, coarseDigits)
}

// finish notes how an exchange ended.
func (r *recorder) finish(x exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
	r.inFlight.set(x.end, r.open)
	r.series.finish(x)
	t := r.at(x.due)
	t.count(x)
	r.total.count(x)
	record(&t.latency, x.end-x.due, digits)
	record(&t.fromSend, x.end-x.sent, digits)
	if x.due >= r.warm {
		r.slowest.consider(x)
	}
	if x.class == "" {
		r.answered.add(x.n)
		record(&t.latencyOK, x.end-x.due, digits)
	}
}

func (t *counted) count(x exchange) {
	if x.status != 0 {
		t.completed++
		if t.statuses == nil {
			t.statuses = make(map[int]int64)
		}
		t.statuses[x.status]++
	}
	if x.class == "" {
		t.ok++
		return
	}
	if t.errors == nil {
		t.errors = make(map[string]int64)
	}
	t.errors[x.class]++
}

// record adds d to *h, which is made when it is first needed.
func record(h **hdr.Histogram, d time.Duration, digits int) {
	if *h == nil {
		*h = hdr.New(1, longest, digits)
	}
	// The value is within the histogram's range, so this cannot fail.
	_ = (*h).RecordValue(min(max(d.Microseconds(), 1), longest))
}

// merge adds what other counted. The histograms of t are its own.
func (t *counted) merge(other *counted) {
	t.sent += other.sent
	t.completed += other.completed
	t.ok += other.ok
	t.late += other.late
	t.shed += other.shed
	t.unsent += other.unsent
	for class, n := range other.errors {
		if t.errors == nil {
			t.errors = make(map[string]int64)
		}
		t.errors[class] += n
	}
	for status, n := range other.statuses {
		if t.statuses == nil {
			t.statuses = make(map[int]int64)
		}
		t.statuses[status] += n
	}
	mergeInto(&t.latency, other.latency)
	mergeInto(&t.latencyOK, other.latencyOK)
	mergeInto(&t.fromSend, other.fromSend)
	mergeInto(&t.lag, other.lag)
}

func mergeInto(to **hdr.Histogram, from *hdr.Histogram) {
	switch {
	case from == nil:
	case *to == nil:
		*to = from.Clone()
	default:
		(*to).Merge(from)
	}
}
