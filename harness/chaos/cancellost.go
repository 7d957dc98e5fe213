package chaos

import "fmt"

// CancelLost swallows the requests by which a Postgres client asks, on a
// connection of its own, that a query of another connection be cancelled.
type CancelLost struct{}

func cancelLostSpec() Spec {
	return Spec{
		Name: "cancel-lost", Form: "cancel-lost", Place: OnProxy,
		Example: CancelLost{},
		Models:  "a pooler or load balancer that takes the request to another server, which ignores it",
		Acts:    "new connections that open with a CancelRequest: they end in order and the server never hears of them; a request inside TLS is not seen",
		Counts:  "requests swallowed",
		Correct: "does not rely on cancelling: the server's own statement timeout ends the query, and the pool stays bounded",
		Undoing: "the setting is off and a new connection through the proxy is answered",
		parse:   func(*words) Kind { return CancelLost{} },
	}
}

// String implements [Kind].
func (CancelLost) String() string { return "cancel-lost" }

func (CancelLost) effect() effect { return &canceling{} }

// canceling is a [CancelLost] in force.
type canceling struct{ tally }

func (c *canceling) swallow(l *link) bool {
	c.hit(l)
	return true
}

func (c *canceling) receipt() Receipt {
	r := Receipt{Declared: "cancel requests do not arrive"}
	r.Fired, r.Touched = c.counts()
	if r.Fired > 0 {
		r.Measured = fmt.Sprintf("%d cancel requests swallowed", r.Fired)
	}
	return r
}
