package chaos

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// LimitData ends a connection, in order, after so many bytes.
type LimitData struct {
	Bytes     int64     // on one connection, counted from the fault's beginning; may be 0
	Direction Direction // Defaults to [Down]; with [Both] each way is counted on its own
}

func limitDataSpec() Spec {
	return Spec{
		Name: "limit-data", Form: "limit-data BYTES [up|down|both]", Place: OnProxy,
		Example: LimitData{Bytes: 1000},
		Models:  "a server or a middle box that goes away in mid-answer",
		Acts:    "every connection, open or new, on its own: after its bytes both ends see an orderly end, in the middle of a message",
		Counts:  "connections ended",
		Correct: "takes a cut answer for an error, never for a short one; the outcome of a write is unknown; goes on with a new connection",
		Undoing: "the setting is off and a new connection through the proxy is answered",
		parse: func(w *words) Kind {
			return LimitData{Bytes: w.bytes("BYTES", ""), Direction: w.direction()}
		},
	}
}

// String implements [Kind].
func (l LimitData) String() string {
	return text("limit-data", formatBytes(l.Bytes), l.Direction.String())
}

// Validate reports all that is wrong with the parameters.
func (l LimitData) Validate() error {
	var err error
	if l.Bytes < 0 || l.Bytes > maxBytes {
		err = fmt.Errorf("a limit is between 0 B and 1 TB, not %d bytes", l.Bytes)
	}
	return errors.Join(err, l.Direction.validate())
}

func (l LimitData) direction() Direction { return l.Direction.or(Down) }

func (l LimitData) effect() effect { return &limiting{LimitData: l, passed: map[*flow]int64{}} }

// limiting is a [LimitData] in force.
type limiting struct {
	LimitData
	tally
	mu     sync.Mutex // guards passed
	passed map[*flow]int64
}

func (l *limiting) covers(dir Direction) bool { return l.direction().covers(dir) }

func (l *limiting) next(f *flow, n int) (int, time.Time, bool) {
	l.mu.Lock()
	left := l.Bytes - l.passed[f]
	l.mu.Unlock()
	if int64(n) < left {
		return n, time.Time{}, false
	}
	return int(left), time.Time{}, true
}

func (l *limiting) writes(f *flow, n int, _ time.Time) {
	l.mu.Lock()
	l.passed[f] += int64(n)
	spent := l.passed[f] >= l.Bytes
	l.mu.Unlock()
	if spent {
		l.hit(f.link)
	}
}

func (l *limiting) receipt() Receipt {
	r := Receipt{Declared: fmt.Sprintf("the connection ends after %d bytes %s", l.Bytes, l.direction().towards())}
	r.Fired, r.Touched = l.counts()
	if r.Fired > 0 {
		r.Measured = fmt.Sprintf("%d connections ended", r.Fired)
	}
	return r
}
