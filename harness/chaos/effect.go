package chaos

import (
	"context"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
)

// effect is one network fault in force. What it does beyond counting are the
// further interfaces below; an effect implements those that it needs.
type effect interface {
	receipt() fault.Receipt
}

// A gate decides when bytes that were read may go on.
type gate interface {
	covers(fault.Direction) bool
	// opens says when c may pass: at a time that may be in the past, or, if ever
	// is false, not while the effect is on. It is asked again after any change.
	opens(f *flow, c *chunk) (at time.Time, ever bool)
	// loses says whether, instead of waiting, the bytes are thrown away.
	loses() bool
	// passed records a chunk that waited its time and now passes.
	passed(f *flow, c *chunk, now time.Time)
}

// A holder is a gate that also counts what it held, and did not hold to its time:
// because it was undone, or because the client gave up.
type holder interface {
	released(f *flow, c *chunk, now time.Time)
}

// A meter decides how many of the bytes that may pass are written at once, and
// when. cut means that after these n bytes the connection ends.
type meter interface {
	covers(fault.Direction) bool
	next(f *flow, n int) (allowed int, at time.Time, cut bool)
	// writes records n bytes that are about to be written.
	writes(f *flow, n int, now time.Time)
}

// A pacer gives each piece its slot on a line that connections share. Unlike a
// meter's, its answer is a reservation: it is asked once for each piece.
type pacer interface {
	covers(fault.Direction) bool
	reserve(f *flow, n int) (most int, at time.Time)
	writes(f *flow, n int, now time.Time)
}

// A greeter acts on a connection that was just accepted: it may have it reset,
// or not served before some time.
type greeter interface {
	greet(l *link) (reset bool, at time.Time)
}

// A canceler decides whether a CancelRequest is swallowed.
type canceler interface {
	swallow(l *link) bool
}

// A refuser decides whether the server refuses what a client asks.
type refuser interface {
	refuses(l *link, a asked) (fault.SQLState, bool)
	// blind records a link of which nothing can be read.
	blind(l *link)
}

// A listener is told what a client asks, once that is known. It decides nothing.
type listener interface {
	hears(l *link, a asked)
}

// A starter acts on the proxy itself at the beginning and the end. Its start is
// called before the effect is on, its stop after it is off; a start that fails
// has undone itself.
type starter interface {
	start(ctx context.Context, p *Proxy) error
	stop(ctx context.Context, p *Proxy) error
}

// tally counts what an effect did. Its methods may be called from several
// goroutines.
type tally struct {
	mu    sync.Mutex
	fired int64
	links map[uint64]struct{} // by link.id
}

// hit counts one more act on the link.
func (t *tally) hit(l *link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fired++
	if t.links == nil {
		t.links = map[uint64]struct{}{}
	}
	t.links[l.id] = struct{}{}
}

// touch counts a link as acted on, for an act that is not over yet.
func (t *tally) touch(link uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.links == nil {
		t.links = map[uint64]struct{}{}
	}
	t.links[link] = struct{}{}
}

// hitOnce counts an act on the link unless one was counted before.
func (t *tally) hitOnce(l *link) {
	t.mu.Lock()
	_, before := t.links[l.id]
	t.mu.Unlock()
	if !before {
		t.hit(l)
	}
}

// counts gives the number of acts and of connections acted on.
func (t *tally) counts() (fired, links int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fired, int64(len(t.links))
}
