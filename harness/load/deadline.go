package load

import (
	"context"
	"sync"
	"time"
)

// deadlines gives each request a context that ends at its timeout. Requests
// that are sent at nearly the same time share one, because a timer and a
// context for each were a tenth of the cost of a request. So a timeout is up to
// one hundredth of itself late, 100 ms at most, and never early.
type deadlines struct {
	life    context.Context
	timeout time.Duration
	grain   time.Duration

	mu   sync.Mutex // guards all below
	slot time.Duration
	ctx  context.Context
}

func newDeadlines(life context.Context, timeout time.Duration) *deadlines {
	return &deadlines{life: life, timeout: timeout, grain: min(max(timeout/100, time.Microsecond), 100*time.Millisecond)}
}

// from returns the context of a request that is sent at now, by a clock that
// runs as fast as the real one.
func (d *deadlines) from(now time.Duration) context.Context {
	slot := now/d.grain + 1
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx == nil || slot != d.slot {
		rest := slot*d.grain - now // until the slot is over
		ctx, cancel := context.WithTimeout(d.life, d.timeout+rest)
		context.AfterFunc(ctx, cancel)
		d.slot, d.ctx = slot, ctx
	}
	return d.ctx
}
