package httpfault

import (
	"time"

	"holdfast.dev/holdfast/fault"
)

// newHanging is [fault.Hang] in force.
func newHanging(h fault.Hang) behaviour {
	switch h.At {
	case "headers":
		return hangingHeaders{}
	case "body":
		return hangingBody{}
	default:
		return hangingAccept{}
	}
}

// hangingHeaders reads the request and never answers. The work is not done. Once
// the fault is over, what it held is answered as usual.
type hangingHeaders struct{}

// Wait returns [Forever].
func (hangingHeaders) Wait(*Draw) time.Duration { return Forever }

// hangingBody sends the headers and half the body at once, and then nothing. Once
// the fault is over, the rest follows.
type hangingBody struct{}

// Send sends half of the answer.
func (hangingBody) Send(x *Exchange) (bool, error) {
	half := len(x.Answer.Body) / 2
	if lifted, err := x.through(append(x.Whole(), x.Answer.Body[:half]...), x.Answer.Body[half:]); lifted || err != nil {
		return lifted, err
	}
	if _, err := x.Pause(Forever); err != nil {
		return false, errOutlasted
	}
	return true, x.Rest(x.Answer.Body[half:])
}

// hangingAccept accepts a connection and never reads from it. Once the fault is
// over, the connection is served.
type hangingAccept struct{}

// Greet returns [Hold].
func (hangingAccept) Greet() Greeting { return Hold }

// refusing is [fault.Refuse] in force. The server shuts its addresses itself, as
// [Set.Refusing] says, and opens them once the fault is over.
type refusing struct{ fault.Refuse }

// Greet returns [Refuse].
func (refusing) Greet() Greeting { return Refuse }

// losing is [fault.Lost] in force.
type losing struct{ fault.Lost }

// Send sends nothing.
func (l losing) Send(x *Exchange) (bool, error) {
	switch l.How {
	case "reset", "":
		x.Reset()
		return false, nil
	case "close":
		return false, nil
	default:
		if _, err := x.Pause(Forever); err != nil {
			return false, errOutlasted
		}
		return true, x.Rest(append(x.Whole(), x.Answer.Body...))
	}
}
