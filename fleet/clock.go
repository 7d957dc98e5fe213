package fleet

import (
	"fmt"
	"slices"
	"time"
)

// Clock tells the time since some zero. It never jumps. Each process has its own, with a
// zero that no other knows.
type Clock func() time.Duration

// NewClock returns this process's clock.
func NewClock() Clock {
	zero := time.Now()
	return func() time.Duration { return time.Since(zero) }
}

// RoundTrip is a question for the time: when it was asked and answered by the clock of
// who asked, and what the other's clock said in between.
type RoundTrip struct{ Asked, There, Answered time.Duration }

// Estimate is how far a clock is ahead of another. Ahead is wrong by Doubt at most.
type Estimate struct{ Ahead, Doubt time.Duration }

// of is what one round trip tells: the other looked at its clock somewhere in between.
func (r RoundTrip) of() Estimate {
	doubt := (r.Answered - r.Asked) / 2
	return Estimate{Ahead: r.There - (r.Asked + doubt), Doubt: doubt}
}

// Best is the estimate of the round trip that took least: the one that can be the least
// wrong.
func Best(trips []RoundTrip) Estimate {
	return slices.MinFunc(trips, func(a, b RoundTrip) int { return int((a.Answered - a.Asked) - (b.Answered - b.Asked)) }).of()
}

// MaxDoubt is how far an estimate may be wrong for a worker to start on time with the
// others.
const MaxDoubt = 10 * time.Millisecond

// Pinned says why a clock cannot be set by an estimate; nil: it can.
func (e Estimate) Pinned() error {
	if e.Doubt > MaxDoubt {
		return fmt.Errorf("its clock cannot be pinned: the best of all round trips took %s, at most %s would do", (2 * e.Doubt).Round(10*time.Microsecond), 2*MaxDoubt)
	}
	return nil
}

// Drift is how far a clock has moved between two estimates: as much as neither doubt
// explains.
func Drift(before, after Estimate) time.Duration {
	moved, doubt := after.Ahead-before.Ahead, before.Doubt+after.Doubt
	switch {
	case moved > doubt:
		return moved - doubt
	case moved < -doubt:
		return moved + doubt
	}
	return 0
}
