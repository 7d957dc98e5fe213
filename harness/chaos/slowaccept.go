package chaos

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/fault"
)

func newStalling(s fault.SlowAccept) effect { return &stalling{SlowAccept: s} }

// stalling is a [fault.SlowAccept] in force.
type stalling struct {
	fault.SlowAccept
	tally
}

func (s *stalling) greet(l *link) (bool, time.Time) {
	s.hitOnce(l)
	return false, l.accepted.Add(s.Each)
}

func (s *stalling) receipt() fault.Receipt {
	r := fault.Receipt{Declared: fmt.Sprintf("new connections wait %v", s.Each)}
	r.Fired, r.Touched = s.counts()
	if r.Fired > 0 {
		r.Measured = fmt.Sprintf("%d connections waited", r.Fired)
	}
	return r
}
