package chaos

import (
	"context"
	"fmt"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
)

func newResetting(fault.Reset) effect { return &resetting{} }

// resetting is a [fault.Reset] in force.
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

func (r *resetting) receipt() fault.Receipt {
	receipt := fault.Receipt{Declared: "open and new connections are reset"}
	receipt.Fired, receipt.Touched = r.counts()
	r.mu.Lock()
	defer r.mu.Unlock()
	if receipt.Fired > 0 {
		receipt.Measured = fmt.Sprintf("%d open and %d new connections were reset", r.open, r.met)
	}
	return receipt
}
