package load

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"holdfast.dev/holdfast/message"
)

// stepper takes one step of journeys or logins.
type stepper struct {
	caller
	step     Step
	template *compiled
	rec      *recorder // nil: nobody counts
	// fits is what values that the step captures must be, for the steps after it.
	fits map[string]fitting
}

// traveller is one journey, or one login, on its way.
type traveller struct {
	n    int64
	seed uint64
	jar  *jar
	// known are the values that it began with, captured those that it found since.
	known    given
	captured map[string]string
}

// knows is all that the traveller knows.
func (t *traveller) knows(name string) (string, bool) {
	if value, ok := t.captured[name]; ok {
		return value, true
	}
	return t.known(name)
}

// request is what the step asks for a traveller.
func (s *stepper) request(t *traveller, r *rand.Rand) Request {
	ask := s.template.request(t.n, r, t.knows)
	ask.cookies = t.jar.of(s.cookieURL(ask))
	return ask
}

// take takes the step, and enters into x what came of it. The caller has set which
// request of which name it is, and when it is due.
func (s *stepper) take(x *Exchange, t *traveller, sc *scratch) Answer {
	sc.pcg.Seed(t.seed, mix(uint64(t.n)))
	ask := s.request(t, sc.rand)
	x.Method, x.Path, x.BytesOut = ask.Method, ask.Shown().Path, int64(len(ask.Body))
	if s.rec != nil {
		s.rec.handOn(x.Due)
		s.rec.send(x.Due, x.Sent)
	}
	answer := s.call(x, ask, sc)
	if x.unsent != "" {
		if s.rec != nil {
			s.rec.takeBack(x)
		}
		return answer
	}
	if x.Status != 0 {
		t.jar.take(s.cookieURL(ask), answer.Header)
	}
	if x.Class == "" && capture(t, s.step.Capture, s.fits, answer) != nil {
		x.Class = classCapture
	}
	if s.rec != nil {
		s.rec.finish(x)
		s.rec.example(x, func() string { return s.explain(x, answer) })
	}
	if s.answers != nil && x.Status != 0 {
		s.answers(*x, ask, answer)
	}
	return answer
}

// explain says of a step that failed what was otherwise than expected.
func (s *stepper) explain(x *Exchange, a Answer) string {
	if x.Class != classCapture {
		return s.caller.explain(x, a)
	}
	return s.about(x) + ": " + capture(&traveller{}, s.step.Capture, s.fits, a).Error()
}

// capture takes parts of an answer. The error says which of them is not there, or
// cannot stand where it is used.
func capture(t *traveller, parts map[string]message.Path, fits map[string]fitting, a Answer) error {
	if len(parts) == 0 {
		return nil
	}
	msg := a.message()
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		value, ok := parts[name].Of(msg)
		if !ok {
			return fmt.Errorf("capture %s: there is no %s in the answer", name, parts[name])
		}
		if err := fits[name].check(name, value); err != nil {
			return fmt.Errorf("capture %s: %w", name, err)
		}
		if t.captured == nil {
			t.captured = make(map[string]string)
		}
		t.captured[name] = value
	}
	return nil
}

// journeys sends the journeys of one stream.
type journeys struct {
	sender // of the whole: its plan, its books
	life   context.Context
	steps  []*stepper
}

// turn sends journey n, which the pacer has handed on, and gives its room back.
func (j *journeys) turn(n int64) {
	defer j.pacer.done()
	sc := j.scratch.Get().(*scratch)
	defer j.scratch.Put(sc)
	due, _ := j.pacer.due(n)
	if j.stopped() {
		j.rec.unsent(due)
		return
	}
	x := Exchange{Stream: j.name, N: n, Due: due, Sent: j.now()}
	if x.Sent-due > j.maxLag {
		j.rec.lateAfterAll(due)
		return
	}
	j.rec.send(due, x.Sent)
	j.walk(&x, sc)
	if x.unsent != "" {
		j.rec.takeBack(&x)
		return
	}
	j.rec.finish(&x)
}

// walk takes the steps one after the other until one does not get its expected
// answer, and enters into x how the journey ended. A step is due when the one before
// is over and was thought about.
func (j *journeys) walk(x *Exchange, sc *scratch) {
	t := j.depart(x.N)
	due := x.Due
	for i, s := range j.steps {
		if pause(j.life, s.step.Think) != nil || !j.fence.Open() {
			x.End, x.Class = j.now(), ClassCanceled
			return
		}
		one := Exchange{Stream: s.name, N: x.N, Due: due + s.step.Think, Sent: j.now()}
		if i == 0 && s.step.Think == 0 {
			one.Sent = x.Sent
		}
		answer := s.take(&one, t, sc)
		x.End, x.Status, x.Class, x.Method, x.Path, x.Instance = one.End, one.Status, one.Class, one.Method, one.Path, one.Instance
		x.unsent = one.unsent
		if x.trace.none() {
			x.trace = one.trace
		}
		x.BytesOut, x.BytesIn = x.BytesOut+one.BytesOut, x.BytesIn+one.BytesIn
		if one.unsent != "" {
			return // it could not be gone on with from here
		}
		if one.Class != "" {
			x.Step = s.step.Name
			j.rec.example(x, func() string { return "step " + x.Step + ", " + s.explain(&one, answer) })
			return
		}
		due = one.End
	}
}

// depart is a journey that begins.
func (j *journeys) depart(n int64) *traveller {
	t := &traveller{n: n, seed: j.seed, known: j.values, jar: new(jar)}
	if one := sessionOf(j.sessions, n); one != nil {
		t.known, t.jar = one.knows(j.values), one.jar.copy()
	}
	return t
}

// pause waits as long as ctx lasts.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// first builds the first request of each step, as far as it is known before the run.
func (j *journeys) first(sc *scratch) error {
	t := j.depart(0)
	for _, s := range j.steps {
		sc.pcg.Seed(j.seed, mix(0))
		if err := s.try(s.request(t, sc.rand)); err != nil {
			return err
		}
	}
	return nil
}
