package load

import (
	"maps"
	"slices"
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
	fresh    []int64 // the same where they are told in deltas: since the last one
	deltas   bool
	slowest  slowest // of those that were due after the warm-up
	traced   slowest // the same, of those that were traced
	// Of a collector: what is open in each lane, and was.
	openOf map[int]int64
	lanes  map[int]*gauge
	tracer tracer
	warm   time.Duration
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

// tellInDeltas has what is counted handed out by take, or not.
func (r *recorder) tellInDeltas(deltas bool) { r.deltas, r.series.keep = deltas, deltas }

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
	addTo(&r.phased.at(due).unsentWhy, map[string]int64{whyUnfit: 1})
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
	r.phased.at(due).sent++
}

// takeBack counts a request that was to be sent, and could not be from here.
func (r *recorder) takeBack(x *Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total.sent--
	r.total.unsent++
	r.open--
	r.inFlight.set(x.End, r.open)
	r.series.takeBack(x.Due)
	r.phased.at(x.Due).takeBack(x)
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
		if !x.trace.none() {
			r.traced.consider(x)
		}
	}
	if x.Class == "" {
		r.answer(x.N)
	}
}

// answer notes that a request got the expected answer.
func (r *recorder) answer(n int64) {
	if r.deltas {
		r.fresh = append(r.fresh, n)
		return
	}
	r.answered.add(n)
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
	r.inFlight.ended = true
}

// tally puts together what became of the stream; nothing in it changes any more.
func (r *recorder) tally(s Stream, cpu *float64) Tally {
	t := r.soFar(s)
	t.Health.CPUShare = cpu
	t.encode()
	return t
}

// tallyOfStep puts together what became of a step of the stream's journeys.
func (r *recorder) tallyOfStep(s Stream, name string, cpu *float64) Tally {
	t := r.stepSoFar(s, name)
	t.Health.CPUShare = cpu
	t.encode()
	return t
}

// soFar is a tally without the distributions as text. It may be asked for while the
// load goes on, which it holds up for no longer than a copy takes.
func (r *recorder) soFar(s Stream) Tally {
	t := r.gathered(s)
	t.Shape = s.Profile.String()
	var byPhase []result.StreamPhase
	for _, p := range r.phased.phases {
		planned := DueBefore(s.Profile, p.To-s.StartAt) - DueBefore(s.Profile, p.From-s.StartAt)
		byPhase = append(byPhase, result.StreamPhase{Phase: p.Name, Counts: result.Counts{Planned: planned}})
	}
	t.settle(Planned(s.Profile), byPhase)
	return t
}

// stepSoFar is soFar of a step of the stream's journeys: planned is what was sent, or was
// to be.
func (r *recorder) stepSoFar(s Stream, name string) Tally {
	t := r.gathered(Stream{Name: name, StartAt: s.StartAt})
	t.StepOf = s.Name
	var byPhase []result.StreamPhase
	for i, p := range r.phased.phases {
		byPhase = append(byPhase, result.StreamPhase{Phase: p.Name, Counts: result.Counts{Planned: t.phases[i].sent + t.phases[i].unsent}})
	}
	t.settle(t.whole.sent+t.whole.unsent, byPhase)
	return t
}

// gathered is a tally without what was planned.
func (r *recorder) gathered(s Stream) Tally {
	counts := r.copyOfCounts()
	t, series, inFlight := r.copyOfRest()
	t.Name = s.Name
	t.Series, t.Heat = draw(s, series, inFlight), series.heat()
	t.whole = counts.whole()
	t.phases, t.together = counts.apart()
	return t
}

// copyOfCounts copies phase by phase, so that nobody waits for more than one.
func (r *recorder) copyOfCounts() phased {
	c := newPhased(r.phased.phases, r.phased.onset)
	for i := range c.each {
		r.mu.Lock()
		c.each[i].merge(&r.phased.each[i])
		c.cut[i].merge(&r.phased.cut[i])
		c.ended[i].merge(&r.phased.ended[i])
		r.mu.Unlock()
	}
	return c
}

// copyOfRest copies all else, and what a stream is drawn from.
func (r *recorder) copyOfRest() (Tally, *intervals, *gauge) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := Tally{
		Stream:   result.Stream{MaxInFlight: r.maxOpen, Slowest: r.slowest.requests(), SlowestTraced: r.traced.requests()},
		Examples: maps.Clone(r.examples), Problem: r.problem, answered: slices.Clone(r.answered),
	}
	series := &intervals{startAt: r.series.startAt, length: r.series.length, width: r.series.width, first: r.series.first, points: slices.Clone(r.series.points)}
	inFlight := r.inFlight
	inFlight.points = slices.Clone(inFlight.points)
	return t, series, &inFlight
}
