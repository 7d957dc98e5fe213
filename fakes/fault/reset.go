package fault

import (
	"fmt"
)

// Close closes the connection without a byte of an answer. The work is not done.
type Close struct{}

// String returns "close".
func (Close) String() string { return "close" }

// Validate finds nothing wrong.
func (Close) Validate() error { return nil }

// Refuses is true.
func (Close) Refuses() bool { return true }

// Send closes the connection.
func (Close) Send(*Exchange) (bool, error) { return false, nil }

// Reset answers with a TCP reset.
type Reset struct {
	// At is where in the answer: before (the work is not done), headers or body.
	At string
}

// String returns for example "reset body".
func (r Reset) String() string { return "reset " + r.At }

// Validate refuses an unknown place.
func (r Reset) Validate() error {
	switch r.At {
	case "before", "headers", "body":
		return nil
	default:
		return fmt.Errorf("reset %q: want before, headers or body", r.At)
	}
}

// Refuses is whether the reset comes before any work.
func (r Reset) Refuses() bool { return r.At == "before" }

// Send sends what comes before the reset, and resets.
func (r Reset) Send(x *Exchange) (bool, error) {
	var part []byte
	switch r.At {
	case "headers":
		part = x.Head()
		part = part[:len(part)/2]
	case "body":
		part = x.Head(fmt.Sprintf("Content-Length: %d", len(x.Answer.Body)+1))
		part = append(part, x.Answer.Body[:len(x.Answer.Body)/2]...)
	}
	_, err := x.Write(part)
	x.Reset()
	return false, err
}

// IdleClose closes a connection that had been kept open just as the client sends
// its next request on it. It never strikes on a fresh connection. The work is
// not done.
type IdleClose struct{}

// String returns "idleclose".
func (IdleClose) String() string { return "idleclose" }

// Validate finds nothing wrong.
func (IdleClose) Validate() error { return nil }

// Refuses is true.
func (IdleClose) Refuses() bool { return true }

func (IdleClose) possible(r *Request) bool { return r.Reused }

// Send closes the connection.
func (IdleClose) Send(*Exchange) (bool, error) { return false, nil }

func parseReset(a *args) (Kind, error) { return Reset{At: a.wordOr("before")}, nil }
