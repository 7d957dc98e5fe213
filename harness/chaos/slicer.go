package chaos

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/fault"
)

func newSlicing(s fault.Slicer) effect { return &slicing{Slicer: s} }

// slicing is a [fault.Slicer] in force.
type slicing struct {
	fault.Slicer
	tally
}

func (s *slicing) covers(dir fault.Direction) bool { return way(s.Slicer).Includes(dir) }

func (s *slicing) next(f *flow, n int) (int, time.Time, bool) {
	return min(n, int(s.Bytes)), f.wrote.Add(s.Gap), false
}

func (s *slicing) writes(f *flow, _ int, _ time.Time) { s.hit(f.link) }

func (s *slicing) receipt() fault.Receipt {
	r := fault.Receipt{Declared: fmt.Sprintf("pieces of %d bytes, %v apart, %s", s.Bytes, s.Gap, towards(way(s.Slicer)))}
	r.Fired, r.Touched = s.counts()
	if r.Fired > 0 {
		r.Measured = fmt.Sprintf("%d pieces on %d connections", r.Fired, r.Touched)
	}
	return r
}
