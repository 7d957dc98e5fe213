package load

import (
	"math"
	"sync/atomic"
	"time"
)

// Fence keeps a generator from sending for which nobody can vouch any more: one that was
// frozen, or cut off, while another took its place. Load is sent until the time that
// the latest confirmation gave, by a clock that nobody can set. A fence that
// has shut stays shut. It may be used by many goroutines.
type Fence struct {
	zero  time.Time
	until atomic.Int64 // since zero; shut once the time is over
}

const shut = math.MinInt64

// NewFence returns a fence that is open for a while.
func NewFence(open time.Duration) *Fence {
	f := &Fence{zero: time.Now()}
	f.until.Store(int64(open))
	return f
}

// Confirm keeps the fence open for a term from the moment at which a confirmation was
// asked for, and not from that of its arrival: whoever gave it cannot have given it
// before. It reports false where the fence has shut.
func (f *Fence) Confirm(asked time.Time, term time.Duration) bool {
	at := int64(asked.Sub(f.zero))
	for {
		until := f.until.Load()
		switch {
		case until < at: // it was asked for behind a fence that had shut
			f.Shut()
			return false
		case until >= at+int64(term):
			return f.Open()
		case f.until.CompareAndSwap(until, at+int64(term)):
			return f.Open()
		}
	}
}

// Shut shuts the fence at once.
func (f *Fence) Shut() { f.until.Store(shut) }

// Open reports whether load may be sent. A nil fence is open.
func (f *Fence) Open() bool {
	if f == nil {
		return true
	}
	until := f.until.Load()
	if until != shut && int64(time.Since(f.zero)) < until {
		return true
	}
	if until != shut {
		f.until.CompareAndSwap(until, shut)
	}
	return f.until.Load() != shut
}
