package chaos

import (
	"fmt"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
)

func newNarrowing(b fault.Bandwidth) effect { return &narrowing{Bandwidth: b} }

// narrowing is a [fault.Bandwidth] in force.
type narrowing struct {
	fault.Bandwidth
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

func (n *narrowing) covers(dir fault.Direction) bool { return way(n.Bandwidth).Includes(dir) }

func (n *narrowing) line(dir fault.Direction) *line {
	if dir == fault.Up {
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
	most := int(min(int64(want), max(1, int64(n.Rate)/50)))
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.line(f.dir)
	if now.Sub(l.free) > idleAfter {
		l.settle()
		l.free, l.since = now, now
	}
	l.free = l.free.Add(time.Duration(float64(most) / float64(n.Rate) * float64(time.Second)))
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

func (n *narrowing) receipt() fault.Receipt {
	r := fault.Receipt{Declared: fmt.Sprintf("%v/s %s", n.Rate, towards(way(n.Bandwidth)))}
	r.Fired, r.Touched = n.counts()
	n.mu.Lock()
	defer n.mu.Unlock()
	var parts string
	for _, dir := range []fault.Direction{fault.Up, fault.Down} {
		l := n.line(dir)
		l.settle()
		if l.busy > 0 {
			parts += fmt.Sprintf("%.0f B/s %s while busy (%d bytes in %.2f s); ", float64(l.bytes)/l.busy.Seconds(), towards(dir), l.bytes, l.busy.Seconds())
		}
	}
	if parts != "" {
		r.Measured = fmt.Sprintf("%s%d connections", parts, r.Touched)
	}
	return r
}
