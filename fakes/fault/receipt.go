package fault

import (
	"fmt"
	"time"
)

// Receipt is what a fault did: counted, not declared.
type Receipt struct {
	ID   string `json:"id"`
	Text string `json:"text"` // its text form
	// Considered counts the requests that its keys and its window let through
	// to it; Selected those that it was to act on; Fired those that it did act
	// on; Missed those that were over before it could.
	Considered int64 `json:"considered"`
	Selected   int64 `json:"selected"`
	Fired      int64 `json:"fired"`
	Missed     int64 `json:"missed"`
	Held       int64 `json:"held"`      // in hand now
	MostHeld   int64 `json:"most_held"` // the most in hand at once
	// First and Last are when it fired, as offsets from the start of the run.
	First time.Duration `json:"first_ns"`
	Last  time.Duration `json:"last_ns"`
	// Waits is how long the waits took in fact; nil if it made none.
	Waits *Waits `json:"waits,omitempty"`
	// Lifted says that it is no longer in force; with Held 0, that nothing of
	// it is left.
	Lifted bool `json:"lifted"`
}

// Waits is a measured distribution.
type Waits struct {
	N                       int64
	Min, P50, P90, P99, Max time.Duration
}

// Measured tells the measured shape in words; empty if there is none.
func (r Receipt) Measured() string {
	if r.Waits == nil {
		return ""
	}
	w := r.Waits
	return fmt.Sprintf("median %v, p90 %v, p99 %v, from %v to %v over %d waits", w.P50, w.P90, w.P99, w.Min, w.Max, w.N)
}

func (a *armed) receipt() Receipt {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := Receipt{
		ID: a.name, Text: a.fault.String(),
		Considered: a.considered, Selected: a.selected, Fired: a.fired, Missed: a.missed,
		Held: a.held, MostHeld: a.most, First: a.first, Last: a.last, Lifted: a.isLifted,
	}
	if a.waits != nil {
		us := func(v int64) time.Duration { return time.Duration(v) * time.Microsecond }
		q := func(p float64) time.Duration { return us(a.waits.ValueAtQuantile(p)) }
		r.Waits = &Waits{
			N: a.waits.TotalCount(), Min: us(a.waits.Min()),
			P50: q(50), P90: q(90), P99: q(99), Max: us(a.waits.Max()),
		}
	}
	return r
}
