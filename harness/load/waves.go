package load

import (
	"math"
	"sort"
	"time"
)

// waves is a rate that swings between two values.
type waves struct {
	low, high float64 // requests per second
	period, d time.Duration
}

// Waves plans a rate that swings like a sine between low and high, in requests
// per second, once in each period, for d. It begins half-way between and rises.
func Waves(low, high float64, period, d time.Duration) Profile {
	return waves{low, high, period, d}
}

// after returns how many requests are due until t, with fractions.
func (w waves) after(t time.Duration) float64 {
	turns := 2 * math.Pi / w.period.Seconds()
	return (w.low+w.high)/2*t.Seconds() + (w.high-w.low)/2/turns*(1-math.Cos(turns*t.Seconds()))
}

// Due finds the first moment until which n requests are due.
func (w waves) Due(n int64) (time.Duration, bool) {
	if n < 0 || w.period <= 0 || w.d <= 0 || w.low < 0 || w.high < w.low || !(float64(n) < math.Ceil(w.after(w.d)-1e-6)) {
		return 0, false
	}
	if n == 0 {
		return 0, true
	}
	t := time.Duration(sort.Search(int(w.d), func(ns int) bool { return w.after(time.Duration(ns)) >= float64(n)-1e-9 }))
	return min(t, w.d-1), true
}

func (w waves) Duration() time.Duration { return w.d }
