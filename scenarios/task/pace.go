package task

import (
	"math"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/scenarios/contract"
)

// pace is when a task may be tried again: after a countdown that grows with each
// attempt and is spread, and not before an answer's Retry-After.
type pace struct {
	teller    teller
	countdown time.Duration
	factor    float64
	jitter    float64
	longest   time.Duration // that a Retry-After is followed for
	cuts      bool          // a stop cuts attempts, and those are none of a task's
}

// newPace is the pace that a service keeps in a scenario.
func newPace(s *service, t teller) pace {
	return pace{
		teller: t, countdown: s.time(contract.NetworkCountdown), longest: s.time(contract.LongestRetryAfter), factor: s.Growth, jitter: s.Spread,
		cuts: s.StopUncounted && t.stops(),
	}
}

// stops reports whether a fault asks somebody to stop.
func (t teller) stops() bool {
	for _, f := range t.faults {
		if _, is := f.Kind.(fault.Terminate); is {
			return true
		}
	}
	return false
}

// cut reports whether a stop may have cut a call: it was given up before its time.
func (p pace) cut(c call) bool {
	return p.cuts && c.seen.Outcome != journal.Answered && c.seen.Took < p.teller.timeout*9/10
}

// wait is the time between two attempts at a task, and what it may be.
type wait struct {
	attempt     int // the earlier one
	least, most time.Duration
	middle      time.Duration // the countdown without its spread
	fromStart   time.Duration // from when its last call came: no shorter than what the target waited
	fromEnd     time.Duration // from when that was answered: no longer, but for the target's own moments
}

// tolerance is what clocks and their rounding may take off a wait.
const tolerance = 5 * time.Millisecond

// early reports whether the later attempt came before it may.
func (w wait) early() bool { return w.fromStart < w.least-tolerance }

// all are the waits of those tasks of which it is known what each call came to.
func (p pace) all(records []record) []wait {
	var waits []wait
	if p.teller.timeout < patientCall {
		return nil // when a call was given up is not known
	}
	for _, r := range records {
		if r.twins > 1 {
			continue
		}
		uncounted := 0
		for i := 1; i < len(r.calls); i++ {
			before, after := r.calls[i-1], r.calls[i]
			meaning := p.teller.meaning(before)
			if p.cut(before) || p.cuts && meaning == sent { // what it came to was not written: another may go on with it at once
				uncounted++
				continue
			}
			if after.seen.Attempt != before.seen.Attempt+1 || meaning != contract.Temporary && meaning != contract.Unknown || before.over == 0 {
				continue
			}
			w := p.after(before, before.seen.Attempt-uncounted)
			w.fromStart, w.fromEnd = after.start-before.start, after.start-before.over
			waits = append(waits, w)
		}
	}
	return waits
}

// after is what the wait after a call may be, which was the nth of those that count.
func (p pace) after(c call, nth int) wait {
	middle := float64(p.countdown) * math.Pow(p.factor, float64(nth-1))
	least, most := p.teller.patience(c)
	return wait{
		attempt: c.seen.Attempt, middle: time.Duration(middle),
		least: max(time.Duration(middle*(1-p.jitter)), min(least, p.longest)),
		most:  max(time.Duration(middle*(1+p.jitter)), time.Duration(float64(min(most, p.longest))*(1+p.jitter))),
	}
}
