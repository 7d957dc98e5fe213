package load

import (
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// recorder keeps the books of one stream.
type recorder struct {
	observe func(Exchange) // of each request that has ended; nil: nobody asks

	mu       sync.Mutex // guards all below
	phased   phased
	series   *intervals
	inFlight gauge
	open     int64 // sent and not answered
	maxOpen  int64
	total    counted // counts alone, for Live
	problem  error   // the first request that could not be built
	examples map[string]string
	answered numbers // the requests that got the expected answer
	slowest  slowest // of those that were due after the warm-up
	warm     time.Duration
}

func newRecorder(s Stream, phases []result.Phase, onset, interval time.Duration) *recorder {
	r := &recorder{
		phased:   newPhased(phases, onset),
		series:   newIntervals(s.StartAt, s.Profile.Duration(), interval),
		inFlight: gauge{startAt: s.StartAt, width: interval},
	}
	for _, p := range phases {
		if p.Name == result.WarmUp {
			r.warm = p.To
		}
	}
	return r
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
	r.phased.at(due).late++
	r.total.late++
	r.series.touch(due)
}

// lateAfterAll counts a request that fell behind after it had been handed on.
func (r *recorder) lateAfterAll(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phased.at(due).late++
	r.total.late++
	r.series.drop(due)
}

// shed counts a request for which there was no room.
func (r *recorder) shed(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phased.at(due).shed++
	r.total.shed++
	r.series.touch(due)
}

// unsent counts a request that was handed on when the run ended.
func (r *recorder) unsent(due time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phased.at(due).unsent++
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
	for i, p := range r.phased.phases {
		first := max(n, DueBefore(plan, p.From-startAt))
		here := max(0, DueBefore(plan, p.To-startAt)-first)
		r.phased.each[i].unsent += here
		outside -= here
	}
	r.phased.outside().unsent += outside
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
	r.phased.at(due).send(due, now)
}

// finish notes how an exchange ended.
func (r *recorder) finish(x *Exchange) {
	r.enter(x)
	if r.observe != nil {
		r.observe(*x)
	}
}

func (r *recorder) enter(x *Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
	r.inFlight.set(x.End, r.open)
	r.series.finish(x)
	r.phased.finish(x)
	r.total.count(x)
	if x.Due >= r.warm {
		r.slowest.consider(x)
	}
	if x.Class == "" {
		r.answered.add(x.N)
	}
}

// example keeps what there is to say of a request that did not get what was expected,
// if it is the first of its class after the warm-up.
func (r *recorder) example(x *Exchange, say func() string) {
	if x.Class == "" || x.Class == ClassShedByTarget || x.Due < r.warm {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, has := r.examples[x.Class]; has || len(r.examples) >= mostExamples {
		return
	}
	if r.examples == nil {
		r.examples = make(map[string]string)
	}
	r.examples[x.Class] = say()
}

// mostExamples bounds the classes of which a stream keeps an example.
const mostExamples = 16

// closeBooks is called when the last request has ended.
func (r *recorder) closeBooks() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.series.closeAll()
}

// tally puts together what became of the stream; it has ended.
func (r *recorder) tally(s Stream, cpu *float64) Tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.gathered(s, cpu)
	t.Shape = s.Profile.String()
	var byPhase []result.StreamPhase
	for _, p := range r.phased.phases {
		planned := DueBefore(s.Profile, p.To-s.StartAt) - DueBefore(s.Profile, p.From-s.StartAt)
		byPhase = append(byPhase, result.StreamPhase{Phase: p.Name, Counts: result.Counts{Planned: planned}})
	}
	t.settle(Planned(s.Profile), byPhase)
	return t
}

// tallyOfStep puts together what became of a step of the stream's journeys: planned is
// what was sent.
func (r *recorder) tallyOfStep(s Stream, name string, cpu *float64) Tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.gathered(Stream{Name: name, StartAt: s.StartAt}, cpu)
	t.StepOf = s.Name
	var byPhase []result.StreamPhase
	for i, p := range r.phased.phases {
		byPhase = append(byPhase, result.StreamPhase{Phase: p.Name, Counts: result.Counts{Planned: t.phases[i].sent}})
	}
	t.settle(t.whole.sent, byPhase)
	return t
}

// gathered is a tally without what was planned.
func (r *recorder) gathered(s Stream, cpu *float64) Tally {
	alone, together := r.phased.apart()
	return Tally{
		Stream: result.Stream{Name: s.Name, MaxInFlight: r.maxOpen, Slowest: r.slowest.requests()},
		Series: draw(s, r.series, &r.inFlight), Examples: r.examples, Problem: r.problem, Health: Health{CPUShare: cpu},
		whole: r.phased.whole(), phases: alone, together: together, answered: r.answered,
	}
}
