package fault

import (
	"errors"
	"fmt"
	"time"
)

// HangHeaders reads the request and never answers. The work is not done. Once
// the fault is over, what it held is answered as usual.
type HangHeaders struct{}

// String returns "hang headers".
func (HangHeaders) String() string { return "hang headers" }

// Validate finds nothing wrong.
func (HangHeaders) Validate() error { return nil }

// Wait returns [Forever].
func (HangHeaders) Wait(*Draw) time.Duration { return Forever }

// HangBody sends the headers and half the body at once, and then nothing. Once
// the fault is over, the rest follows.
type HangBody struct{}

// String returns "hang body".
func (HangBody) String() string { return "hang body" }

// Validate finds nothing wrong.
func (HangBody) Validate() error { return nil }

// Send sends half of the answer.
func (HangBody) Send(x *Exchange) (bool, error) {
	half := len(x.Answer.Body) / 2
	if _, err := x.Write(append(x.Whole(), x.Answer.Body[:half]...)); err != nil {
		return false, err
	}
	if _, err := x.Pause(Forever); err != nil {
		return false, errOutlasted
	}
	return true, x.Rest(x.Answer.Body[half:])
}

// HangAccept accepts a connection and never reads from it. Once the fault is
// over, the connection is served.
type HangAccept struct{}

// String returns "hang accept".
func (HangAccept) String() string { return "hang accept" }

// Validate finds nothing wrong.
func (HangAccept) Validate() error { return nil }

// Greet returns [Hold].
func (HangAccept) Greet() Greeting { return Hold }

// RefuseConnections closes the server's addresses and resets the connections
// that are open. Once the fault is over, the addresses are opened again.
type RefuseConnections struct{}

// String returns "refuse".
func (RefuseConnections) String() string { return "refuse" }

// Validate finds nothing wrong.
func (RefuseConnections) Validate() error { return nil }

// Greet returns [Refuse].
func (RefuseConnections) Greet() Greeting { return Refuse }

// Lost carries the work out and loses the answer: the client can't know.
type Lost struct {
	// How is what the client sees: reset, close or hang. Defaults to reset.
	How string
}

// String returns for example "lost reset".
func (l Lost) String() string { return "lost " + l.How }

// Validate refuses an unknown How.
func (l Lost) Validate() error {
	switch l.How {
	case "reset", "close", "hang":
		return nil
	default:
		return fmt.Errorf("lost %q: want reset, close or hang", l.How)
	}
}

// Send sends nothing.
func (l Lost) Send(x *Exchange) (bool, error) {
	switch l.How {
	case "reset":
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

func parseLost(a *args) (Kind, error) { return Lost{How: a.wordOr("reset")}, nil }

func parseHang(a *args) (Kind, error) {
	switch a.word() {
	case "headers":
		return HangHeaders{}, nil
	case "body":
		return HangBody{}, nil
	case "accept":
		return HangAccept{}, nil
	default:
		return nil, errors.New("want headers, body or accept")
	}
}
