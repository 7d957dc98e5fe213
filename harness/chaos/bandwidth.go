package chaos

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Bandwidth is a line that all connections share and that passes so many bytes
// a second. The two directions do not share.
type Bandwidth struct {
	BytesPerSecond int64
	Direction      Direction // Defaults to [Both]
}

func bandwidthSpec() Spec {
	return Spec{
		Name: "bandwidth", Form: "bandwidth RATE [up|down|both]", Place: OnProxy,
		Example: Bandwidth{BytesPerSecond: 64_000},
		Models:  "a congested link to the database, shared by all connections",
		Acts:    "all bytes written from now on, on open and new connections; undone, what waits goes at once",
		Counts:  "pieces that had to wait for the line",
		Correct: "asks for no more rows than it needs; its deadline covers reading the answer, not only the first byte",
		Undoing: "the setting is off and a new connection through the proxy is answered",
		parse: func(w *words) Kind {
			return Bandwidth{BytesPerSecond: w.bytes("RATE", "/s"), Direction: w.direction()}
		},
	}
}

// String implements [Kind].
func (b Bandwidth) String() string {
	return text("bandwidth", formatBytes(b.BytesPerSecond)+"/s", b.Direction.String())
}

// Validate reports all that is wrong with the parameters.
func (b Bandwidth) Validate() error {
	var err error
	if b.BytesPerSecond <= 0 || b.BytesPerSecond > maxBytes {
		err = fmt.Errorf("a bandwidth is between 1 B/s and 1 TB/s, not %d B/s", b.BytesPerSecond)
	}
	return errors.Join(err, b.Direction.validate())
}

func (b Bandwidth) direction() Direction { return b.Direction.or(Both) }

func (b Bandwidth) effect() effect { return &narrowing{Bandwidth: b} }

// narrowing is a [Bandwidth] in force.
type narrowing struct {
	Bandwidth
	tally
	mu       sync.Mutex // guards both lines
	up, down line
}

// line is one direction of a shared line.
type line struct {
	free  time.Time // when all reserved slots are over
	since time.Time // when it last stopped being idle
	last  time.Time // when the last piece of this busy span was written
	busy  time.Duration
	bytes int64 // written in busy spans
}

func (n *narrowing) covers(dir Direction) bool { return n.direction().covers(dir) }

func (n *narrowing) line(dir Direction) *line {
	if dir == Up {
		return &n.up
	}
	return &n.down
}

// idleAfter is how late a line's next piece may come for the line still to count
// as busy: what a timer or a scheduler was late by is then caught up.
const idleAfter = 10 * time.Millisecond

// reserve gives the next slot: pieces of at most 20 ms of line time, each
// written when its slot is over, as the last byte of it would arrive.
func (n *narrowing) reserve(f *flow, want int) (int, time.Time) {
	most := int(min(int64(want), max(1, n.BytesPerSecond/50)))
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.line(f.dir)
	if now.Sub(l.free) > idleAfter {
		l.settle()
		l.free, l.since = now, now
	}
	l.free = l.free.Add(time.Duration(float64(most) / float64(n.BytesPerSecond) * float64(time.Second)))
	return most, l.free
}

func (n *narrowing) writes(f *flow, size int, now time.Time) {
	n.hit(f.link)
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.line(f.dir)
	l.bytes += int64(size)
	l.last = now
}

// settle books the busy span that is over.
func (l *line) settle() {
	if l.last.After(l.since) {
		l.busy += l.last.Sub(l.since)
	}
	l.since = l.last
}

func (n *narrowing) receipt() Receipt {
	r := Receipt{Declared: fmt.Sprintf("%s/s %s", formatBytes(n.BytesPerSecond), n.direction().towards())}
	r.Fired, r.Touched = n.counts()
	n.mu.Lock()
	defer n.mu.Unlock()
	var parts string
	for _, dir := range []Direction{Up, Down} {
		l := n.line(dir)
		l.settle()
		if l.busy > 0 {
			parts += fmt.Sprintf("%.0f B/s %s while busy (%d bytes in %.2f s); ", float64(l.bytes)/l.busy.Seconds(), dir.towards(), l.bytes, l.busy.Seconds())
		}
	}
	if parts != "" {
		r.Measured = fmt.Sprintf("%s%d connections", parts, r.Touched)
	}
	return r
}
