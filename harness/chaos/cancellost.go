package chaos

import (
	"fmt"

	"holdfast.dev/holdfast/fault"
)

func newCanceling(fault.CancelLost) effect { return &canceling{} }

// canceling is a [fault.CancelLost] in force.
type canceling struct{ tally }

func (c *canceling) swallow(l *link) bool {
	c.hit(l)
	return true
}

func (c *canceling) receipt() fault.Receipt {
	r := fault.Receipt{Declared: "cancel requests do not arrive"}
	r.Fired, r.Touched = c.counts()
	if r.Fired > 0 {
		r.Measured = fmt.Sprintf("%d cancel requests swallowed", r.Fired)
	}
	return r
}
