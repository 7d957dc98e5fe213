package httpfault

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/fault"
)

func (a *armed) receipt() fault.Receipt {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := fault.Receipt{
		ID: a.name, Text: a.fault.String(), Declared: a.fault.Text(), Touched: a.fired,
		Considered: a.considered, Selected: a.selected, Fired: a.fired, Missed: a.missed,
		Held: a.held, MostHeld: a.most, First: a.first, Last: a.last, Lifted: a.isLifted,
	}
	if a.waits != nil {
		us := func(v int64) time.Duration { return time.Duration(v) * time.Microsecond }
		q := func(p float64) time.Duration { return us(a.waits.ValueAtQuantile(p)) }
		r.Waits = &fault.Waits{
			N: a.waits.TotalCount(), Min: us(a.waits.Min()),
			P50: q(50), P90: q(90), P99: q(99), Max: us(a.waits.Max()),
		}
		r.Measured = measured(*r.Waits)
	}
	return r
}

// measured tells the measured shape in words.
func measured(w fault.Waits) string {
	return fmt.Sprintf("median %v, p90 %v, p99 %v, from %v to %v over %d waits", w.P50, w.P90, w.P99, w.Min, w.Max, w.N)
}
