package chaos

import (
	"fmt"
	"time"
)

// SlowAccept makes every new connection wait before it is served.
type SlowAccept struct {
	Each time.Duration
}

func slowAcceptSpec() Spec {
	return Spec{
		Name: "slow-accept", Form: "slow-accept EACH", Place: OnProxy,
		Example: SlowAccept{Each: 500 * time.Millisecond},
		Models:  "a server that is slow to start sessions: fork storms, authentication that hangs, a full backlog",
		Acts:    "new connections only: connecting succeeds, as the kernel answers, and the server hears of it so much later; undone, those that wait are served at once",
		Counts:  "connections that had to wait",
		Correct: "bounds connecting as well as querying; keeps its connections instead of opening one per request",
		Undoing: "the setting is off and a new connection through the proxy is answered",
		parse:   func(w *words) Kind { return SlowAccept{Each: w.duration("EACH")} },
	}
}

// String implements [Kind].
func (s SlowAccept) String() string { return text("slow-accept", s.Each.String()) }

// Validate reports what is wrong with the parameters.
func (s SlowAccept) Validate() error {
	if s.Each <= 0 {
		return fmt.Errorf("a wait is more than nothing, not %v", s.Each)
	}
	return nil
}

func (SlowAccept) decidesOnNew() {}

func (s SlowAccept) effect() effect { return &stalling{SlowAccept: s} }

// stalling is a [SlowAccept] in force.
type stalling struct {
	SlowAccept
	tally
}

func (s *stalling) greet(l *link) (bool, time.Time) {
	s.hitOnce(l)
	return false, l.accepted.Add(s.Each)
}

func (s *stalling) receipt() Receipt {
	r := Receipt{Declared: fmt.Sprintf("new connections wait %v", s.Each)}
	r.Fired, r.Touched = s.counts()
	if r.Fired > 0 {
		r.Measured = fmt.Sprintf("%d connections waited", r.Fired)
	}
	return r
}
