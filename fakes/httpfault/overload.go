package httpfault

import (
	"time"

	"holdfast.dev/holdfast/fault"
)

// overloading is [fault.Overload] in force.
type overloading struct{ fault.Overload }

func (o overloading) sheds(draw *Draw) bool { return o.Shed > 0 && draw.Load > o.Shed }

// Wait grows with the load; what is shed does not wait.
func (o overloading) Wait(draw *Draw) time.Duration {
	if o.sheds(draw) {
		return 0
	}
	return o.Base + o.Slope*time.Duration(draw.Load-1)
}

// Change turns the request away if there is too much to do.
func (o overloading) Change(draw *Draw, a *Answer) bool {
	return o.sheds(draw) && replacing{fault.Status{Code: o.Code, RetryAfter: "1"}}.Change(draw, a)
}
