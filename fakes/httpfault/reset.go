package httpfault

import (
	"fmt"

	"holdfast.dev/holdfast/fault"
)

// closing is [fault.Close] in force.
type closing struct{ fault.Close }

// Refuses is true.
func (closing) Refuses() bool { return true }

// Send closes the connection.
func (closing) Send(*Exchange) (bool, error) { return false, nil }

// resetting is [fault.Reset] in force.
type resetting struct{ fault.Reset }

// Refuses is whether the reset comes before any work.
func (r resetting) Refuses() bool { return r.At == "" }

// Send sends what comes before the reset, and resets.
func (r resetting) Send(x *Exchange) (bool, error) {
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

// idleClosing is [fault.IdleClose] in force.
type idleClosing struct{ fault.IdleClose }

// Refuses is true.
func (idleClosing) Refuses() bool { return true }

func (idleClosing) possible(r *Request) bool { return r.Reused }

// Send closes the connection.
func (idleClosing) Send(*Exchange) (bool, error) { return false, nil }
