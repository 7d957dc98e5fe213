package chaos

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Reset ends every open connection with a TCP reset, and every new one, too.
type Reset struct{}

func resetSpec() Spec {
	return Spec{
		Name: "reset", Form: "reset", Place: OnProxy,
		Example: Reset{},
		Models:  "a load balancer that is recycled, a crash, a failover; an idle connection that a firewall dropped",
		Acts:    "open connections are reset at once, both ends; new ones are accepted and then reset, for as long as the window lasts",
		Counts:  "connections reset",
		Correct: "reads are repeated on a new connection, within a budget; the outcome of a write is unknown; nothing is left in the pool",
		Undoing: "the setting is off and a new connection through the proxy is answered",
		parse:   func(*words) Kind { return Reset{} },
	}
}

// String implements [Kind].
func (Reset) String() string { return "reset" }

func (Reset) decidesOnNew() {}

func (Reset) effect() effect { return &resetting{} }

// resetting is a [Reset] in force.
type resetting struct {
	tally
	mu   sync.Mutex // guards both below
	open int        // reset when the fault began
	met  int        // reset when they came
}

func (r *resetting) start(_ context.Context, p *Proxy) error {
	for _, l := range p.endLinks(true) {
		r.hit(l)
		r.mu.Lock()
		r.open++
		r.mu.Unlock()
	}
	return nil
}

func (r *resetting) stop(context.Context, *Proxy) error { return nil }

func (r *resetting) greet(l *link) (bool, time.Time) {
	r.hit(l)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.met++
	return true, time.Time{}
}

func (r *resetting) receipt() Receipt {
	receipt := Receipt{Declared: "open and new connections are reset"}
	receipt.Fired, receipt.Touched = r.counts()
	r.mu.Lock()
	defer r.mu.Unlock()
	if receipt.Fired > 0 {
		receipt.Measured = fmt.Sprintf("%d open and %d new connections were reset", r.open, r.met)
	}
	return receipt
}
