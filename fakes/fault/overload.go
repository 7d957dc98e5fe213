package fault

import (
	"errors"
	"time"
)

// Overload is a server that slows down the more it has to do, and turns requests
// away beyond a bound. What its clients no longer wait for is done all the same:
// so retries make it slower, and it may stay slow after its cause is gone.
type Overload struct {
	Base  time.Duration // with one request in hand
	Slope time.Duration // for each further one
	Shed  int           // with more than so many in hand it sheds; 0: never
	Code  int           // the status of what is shed
}

const defaultShedCode = 503

// String returns for example "overload base=10ms slope=2ms shed=64".
func (o Overload) String() string {
	code := o.Code
	if code == defaultShedCode {
		code = 0
	}
	return words("overload", "base", o.Base, "slope", o.Slope, "shed", o.Shed, "status", code)
}

// Validate refuses negative values and what is no error status.
func (o Overload) Validate() error {
	if o.Shed < 0 || o.Code < 400 || o.Code > 599 {
		return errors.New("overload: want shed of at least 0 and a status from 400 to 599")
	}
	return checkTimes("overload", o.Base, o.Slope)
}

func (o Overload) sheds(draw *Draw) bool { return o.Shed > 0 && draw.Load > o.Shed }

// Wait grows with the load; what is shed does not wait.
func (o Overload) Wait(draw *Draw) time.Duration {
	if o.sheds(draw) {
		return 0
	}
	return o.Base + o.Slope*time.Duration(draw.Load-1)
}

// Change turns the request away if there is too much to do.
func (o Overload) Change(draw *Draw, a *Answer) bool {
	return o.sheds(draw) && Status{Code: o.Code, RetryAfter: "1"}.Change(draw, a)
}

func parseOverload(a *args) (Kind, error) {
	return Overload{
		Base: a.duration("base"), Slope: a.duration("slope"),
		Shed: a.intOr("shed", 0), Code: a.intOr("status", defaultShedCode),
	}, nil
}
