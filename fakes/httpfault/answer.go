package httpfault

import (
	"math"
	"math/rand/v2"
	"net/http"
	"time"
)

// Forever is the wait of something that never comes.
const Forever = time.Duration(math.MaxInt64)

// Draw is what a kind may base its behaviour on: a source of randomness that
// belongs to this fault and this arrival of the request, and what is known of the moment.
type Draw struct {
	*rand.Rand
	// Now is the time of day, for dates in headers.
	Now time.Time
	// Load is how many requests the same fault has in hand, this one included.
	Load int
}

// Request is what the choice of faults looks at.
type Request struct {
	Key     string   // which request; a retry has the same
	Attempt int      // as its client counts, from 1: what nth and every go by
	Arrival int      // how often its key has arrived, from 1: each has a draw of its own
	Names   []string // by which a selector may pick it: an oracle, recipients, an API key
	Reused  bool     // its connection carried a request before
}

// Answer is what a server says.
type Answer struct {
	Status      int
	ContentType string      // empty: none
	Header      http.Header // further headers; may be nil
	Body        []byte
	// Name is the error that a fault asks for, for example
	// rate_limit_exceeded. If Unrendered is set, the server makes the body of
	// Status and Name in its API's own shape.
	Name       string
	Unrendered bool
	// Self is the request's own path and query, for redirections.
	Self string
	// Wire, if set, is all of the answer as a protocol other than HTTP has it.
	Wire []byte
	// Wrong, if set, returns a well-formed answer that is wrong in the way
	// named: "id", "stale" or "duplicate".
	Wrong func(how string) (body []byte)
}

// SetHeader sets a header of the answer.
func (a *Answer) SetHeader(name, value string) {
	if a.Header == nil {
		a.Header = http.Header{}
	}
	a.Header.Set(name, value)
}
