package chaos

import (
	"fmt"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
)

func newLimiting(l fault.LimitData) effect {
	return &limiting{LimitData: l, passed: map[*flow]fault.Size{}}
}

// limiting is a [fault.LimitData] in force.
type limiting struct {
	fault.LimitData
	tally
	mu     sync.Mutex // guards passed
	passed map[*flow]fault.Size
}

func (l *limiting) covers(dir fault.Direction) bool { return way(l.LimitData).Includes(dir) }

func (l *limiting) next(f *flow, n int) (int, time.Time, bool) {
	l.mu.Lock()
	left := l.Bytes - l.passed[f]
	l.mu.Unlock()
	if fault.Size(n) < left {
		return n, time.Time{}, false
	}
	return int(left), time.Time{}, true
}

func (l *limiting) writes(f *flow, n int, _ time.Time) {
	l.mu.Lock()
	l.passed[f] += fault.Size(n)
	spent := l.passed[f] >= l.Bytes
	l.mu.Unlock()
	if spent {
		l.hit(f.link)
	}
}

func (l *limiting) receipt() fault.Receipt {
	r := fault.Receipt{Declared: fmt.Sprintf("the connection ends after %d bytes %s", l.Bytes, towards(way(l.LimitData)))}
	r.Fired, r.Touched = l.counts()
	if r.Fired > 0 {
		r.Measured = fmt.Sprintf("%d connections ended", r.Fired)
	}
	return r
}
