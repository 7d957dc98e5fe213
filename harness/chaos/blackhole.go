package chaos

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
)

func newSwallowing(b fault.BlackHole) effect {
	return &swallowing{BlackHole: b, cut: map[*link]struct{}{}, armed: map[*link]struct{}{}}
}

// swallowing is a [fault.BlackHole] in force.
type swallowing struct {
	fault.BlackHole
	tally
	mu    sync.Mutex // guards all below
	bytes int64
	first time.Time          // when the first chunk came
	end   time.Time          // when the fault ended
	cut   map[*link]struct{} // links of which bytes are held back or lost
	armed map[*link]struct{} // links on which a statement with the text was asked
}

func (b *swallowing) covers(dir fault.Direction) bool { return way(b.BlackHole).Includes(dir) }

func (b *swallowing) loses() bool { return b.Lose }

func (b *swallowing) opens(f *flow, c *chunk) (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.begun(f.link) && !bytes.Contains(c.data, []byte(b.Upon)) {
		return time.Time{}, true
	}
	if c.held == gate(b) || c.end != nil {
		return time.Time{}, false
	}
	c.held = b
	b.hit(f.link)
	b.cut[f.link] = struct{}{}
	b.bytes += int64(len(c.data))
	if b.first.IsZero() {
		b.first = time.Now()
	}
	return time.Time{}, false
}

// begun reports whether a link is spared no longer. The caller holds mu.
func (b *swallowing) begun(l *link) bool {
	_, cut := b.cut[l]
	_, armed := b.armed[l]
	return cut || armed
}

// hears has a statement with the text in its SQL end the sparing of its link, also where it
// was prepared long ago and nothing but its name goes over the line.
func (b *swallowing) hears(l *link, a asked) {
	if b.Upon != "" && strings.Contains(a.sql, b.Upon) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.armed[l] = struct{}{}
	}
}

func (b *swallowing) passed(*flow, *chunk, time.Time) {}

func (b *swallowing) start(context.Context, *Proxy) error { return nil }

func (b *swallowing) stop(context.Context, *Proxy) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end.IsZero() {
		b.end = time.Now()
	}
	for l := range b.cut {
		if b.Lose {
			l.end(true)
		}
	}
	clear(b.cut)
	clear(b.armed)
	return nil
}

func (b *swallowing) receipt() fault.Receipt {
	r := fault.Receipt{Declared: "no byte " + towards(way(b.BlackHole))}
	verb := "held back"
	if b.Lose {
		r.Declared += ", ever"
		verb = "lost"
	}
	if b.Upon != "" {
		r.Declared += ", once " + b.Upon + " has come"
	}
	r.Fired, r.Touched = b.counts()
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Fired > 0 {
		end := b.end
		if end.IsZero() {
			end = time.Now()
		}
		r.Measured = fmt.Sprintf("%d chunks, %d bytes of %d connections %s, the first %.2f s before the end",
			r.Fired, b.bytes, r.Touched, verb, end.Sub(b.first).Seconds())
	}
	return r
}
