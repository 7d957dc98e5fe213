package fault

import (
	"errors"
	"fmt"
	"time"
)

// Delay lets answers come later, in order, without slowing a stream down: what
// is sent together arrives together. The work is done at once.
type Delay struct {
	Distribution
	Direction Direction // Defaults to [Down]: a round trip takes that much longer
}

// After is the delay that is always the same.
func After(d time.Duration) Delay { return Delay{Distribution: Fixed(d)} }

// Name implements [Kind].
func (Delay) Name() string { return "delay" }

// String implements [Kind].
func (d Delay) String() string {
	if d.Distribution == nil {
		return "delay"
	}
	return text("delay", d.Distribution.String(), d.Direction.String())
}

// Validate checks the distribution.
func (d Delay) Validate() error {
	if d.Distribution == nil {
		return errors.New("delay without a time")
	}
	return errors.Join(d.Distribution.Validate(), d.Direction.validate())
}

func parseDelay(w *words) Kind {
	return Delay{Distribution: w.distribution(), Direction: w.direction()}
}

// Hang stops before or within the answer, and stays so. Once the fault is over,
// what it held goes on.
type Hang struct {
	// At is where: headers (the request is read and never answered; the work is
	// not done), body (after half of it) or accept (the connection is accepted
	// and never read from).
	At string
}

// Name implements [Kind].
func (Hang) Name() string { return "hang" }

// String implements [Kind].
func (h Hang) String() string { return text("hang", h.At) }

// Validate refuses an unknown place.
func (h Hang) Validate() error { return oneOf("hang", h.At, "headers", "body", "accept") }

func parseHang(w *words) Kind { return Hang{At: w.nextOr("")} }

// SlowAccept makes every new connection wait before it is served.
type SlowAccept struct {
	Each time.Duration
}

// Name implements [Kind].
func (SlowAccept) Name() string { return "slow-accept" }

// String implements [Kind].
func (s SlowAccept) String() string { return text("slow-accept", s.Each.String()) }

// Validate reports what is wrong with the parameters.
func (s SlowAccept) Validate() error {
	if s.Each <= 0 {
		return fmt.Errorf("a wait is more than nothing, not %v", s.Each)
	}
	return checkTimes("slow-accept", s.Each)
}

func parseSlowAccept(w *words) Kind { return SlowAccept{Each: w.nextDuration("TIME")} }

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

// Name implements [Kind].
func (Overload) Name() string { return "overload" }

// String implements [Kind].
func (o Overload) String() string {
	code := o.Code
	if code == defaultShedCode {
		code = 0
	}
	return text("overload", named("base", timeText(o.Base)), named("slope", timeText(o.Slope)),
		named("shed", countText(o.Shed)), named("status", countText(code)))
}

// Validate refuses negative values and what is no error status.
func (o Overload) Validate() error {
	if o.Shed < 0 || o.Code < 400 || o.Code > 599 {
		return errors.New("overload: want shed of at least 0 and a status from 400 to 599")
	}
	return checkTimes("overload", o.Base, o.Slope)
}

func parseOverload(w *words) Kind {
	return Overload{
		Base: w.duration("base"), Slope: w.duration("slope"),
		Shed: w.count("shed"), Code: w.countOr("status", defaultShedCode),
	}
}
