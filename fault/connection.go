package fault

import (
	"cmp"
	"fmt"
)

// BlackHole lets no byte through while the connection stands. As in a network
// that is cut in two, the bytes come late, when it is whole again; with Lose
// they never come, and a connection that lost some is reset at the end, for
// what came after the gap would make no sense.
type BlackHole struct {
	Direction Direction // Defaults to [Both]; [Down] alone: requests are carried out, replies do not come
	Lose      bool
	// Upon, if given, spares a connection until bytes with this text in them come,
	// or to Postgres a statement with this text in its SQL is asked: with Down and
	// Lose the statement is carried out, and nobody is told.
	Upon string
}

// Name implements [Kind].
func (BlackHole) Name() string { return "black-hole" }

// String implements [Kind].
func (b BlackHole) String() string {
	return text("black-hole", b.Direction.String(), when(b.Lose, "lose"), when(b.Upon != "", "upon "+b.Upon))
}

// Validate reports what is wrong with the parameters.
func (b BlackHole) Validate() error {
	if b.Upon != "" && !plain(b.Upon) {
		return fmt.Errorf("the text after upon is one word, without -> or a quote, not %q", b.Upon)
	}
	return b.Direction.validate()
}

func parseBlackHole(w *words) Kind {
	upon := w.option("upon") // first, for it may be any word
	return BlackHole{Upon: upon, Lose: w.flag("lose"), Direction: w.direction()}
}

// Refuse makes the kernel refuse new connections: nobody listens any more.
type Refuse struct {
	// Cut also resets the connections that are open, as a server that crashes
	// does. A client with a warm pool notices nothing of the fault without it.
	Cut bool
}

// Name implements [Kind].
func (Refuse) Name() string { return "refuse" }

// String implements [Kind].
func (r Refuse) String() string { return text("refuse", when(r.Cut, "cut")) }

// Validate finds nothing wrong.
func (Refuse) Validate() error { return nil }

func parseRefuse(w *words) Kind { return Refuse{Cut: w.flag("cut")} }

// Reset ends connections with a TCP reset.
type Reset struct {
	// At is where in an answer: headers or body, with the work done. Empty is
	// before anything is answered, with the work not done; the text form takes
	// "before" for it, too.
	At string
}

// Name implements [Kind].
func (Reset) Name() string { return "reset" }

// String implements [Kind].
func (r Reset) String() string { return text("reset", r.At) }

// Validate refuses an unknown place.
func (r Reset) Validate() error {
	if r.At == "" {
		return nil
	}
	return oneOf("reset", r.At, "headers", "body")
}

func parseReset(w *words) Kind {
	at := w.nextOr("")
	if at == "before" {
		at = ""
	}
	return Reset{At: at}
}

// Close closes the connection without a byte of an answer. The work is not done.
type Close struct{}

// Name implements [Kind].
func (Close) Name() string { return "close" }

// String implements [Kind].
func (Close) String() string { return "close" }

// Validate finds nothing wrong.
func (Close) Validate() error { return nil }

// IdleClose closes a connection that had been kept open just as the client sends
// its next request on it. It never strikes on a fresh connection. The work is
// not done.
type IdleClose struct{}

// Name implements [Kind].
func (IdleClose) Name() string { return "idleclose" }

// String implements [Kind].
func (IdleClose) String() string { return "idleclose" }

// Validate finds nothing wrong.
func (IdleClose) Validate() error { return nil }

// Lost carries the work out and loses the answer: the client can't know.
type Lost struct {
	// How is what the client sees: reset, close or hang. Defaults to a reset; a
	// callback is lost without any.
	How string
}

// Name implements [Kind].
func (Lost) Name() string { return "lost" }

// String implements [Kind].
func (l Lost) String() string { return text("lost", l.How) }

// Validate refuses an unknown How.
func (l Lost) Validate() error {
	return oneOf("lost", cmp.Or(l.How, "reset"), "reset", "close", "hang")
}

func parseLost(w *words) Kind { return Lost{How: w.nextOr("")} }

// CancelLost swallows the requests by which a Postgres client asks, on a
// connection of its own, that a query of another connection be cancelled.
type CancelLost struct{}

// Name implements [Kind].
func (CancelLost) Name() string { return "cancel-lost" }

// String implements [Kind].
func (CancelLost) String() string { return "cancel-lost" }

// Validate finds nothing wrong.
func (CancelLost) Validate() error { return nil }
