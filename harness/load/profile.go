package load

import (
	"math"
	"slices"
	"sort"
	"time"
)

// Profile is the shape of a load: when each request is due. It is a pure
// value, the same whenever it is asked.
type Profile interface {
	// Due returns the offset at which request n (from 0) is due, and false
	// when the profile has ended before n. It never decreases with n.
	Due(n int64) (time.Duration, bool)
	// Duration is the length of the profile; every request is due before it.
	Duration() time.Duration
	// String names the shape, for example "200/s for 10s". [ParseProfile] reads
	// it back, if the profile is one of this package's.
	String() string
}

// maxPlanned bounds the number of requests of one profile. It is far beyond
// what can be sent, and lets a profile that never ends be refused.
const maxPlanned = int64(1) << 36

// Planned returns how many requests p plans in all, maxPlanned at most.
func Planned(p Profile) int64 {
	return firstThat(func(n int64) bool { _, ok := p.Due(n); return !ok })
}

// DueBefore returns how many requests of p are due before t.
func DueBefore(p Profile, t time.Duration) int64 {
	return firstThat(func(n int64) bool { due, ok := p.Due(n); return !ok || due >= t })
}

// firstThat returns the least n for which holds is true, given that it stays
// true from there on.
func firstThat(holds func(n int64) bool) int64 {
	top := int64(1)
	for top < maxPlanned && !holds(top) {
		top *= 2
	}
	return int64(sort.Search(int(top), func(n int) bool { return holds(int64(n)) }))
}

// Peak returns the highest number of requests due within any one second, as a
// rate: what the generator must be able to deliver.
func Peak(p Profile) float64 {
	var most int64
	step := max(p.Duration()/1000, 100*time.Millisecond)
	for from := time.Duration(0); from < p.Duration(); from += step {
		most = max(most, DueBefore(p, from+time.Second)-DueBefore(p, from))
	}
	return float64(most) / min(1, p.Duration().Seconds())
}

// negative says whether a part of p has a rate or a time below 0, or none that is a
// number: what it plans would be less than what its other parts say.
func negative(p Profile) bool {
	switch p := p.(type) {
	case ramp:
		return !(p.from >= 0) || !(p.to >= 0) || p.d < 0
	case sequence:
		return slices.ContainsFunc(p.profiles(), negative)
	case steps:
		return negative(p.sequence)
	case shaped:
		return negative(p.Profile)
	}
	return p.Duration() < 0
}

type ramp struct {
	from, to float64 // requests per second
	d        time.Duration
}

// Constant plans rate requests per second, evenly spaced, for d. A rate of 0
// is a pause.
func Constant(rate float64, d time.Duration) Profile { return ramp{rate, rate, d} }

// Ramp plans a rate that changes evenly from one value to another, both in
// requests per second, over d.
func Ramp(from, to float64, d time.Duration) Profile { return ramp{from, to, d} }

// Due solves n = from·t + (to-from)·t²/2d for t, in the form that loses no
// digits when the two rates are near each other.
func (r ramp) Due(n int64) (time.Duration, bool) {
	d := r.d.Seconds()
	total := math.Ceil((r.from+r.to)/2*d - 1e-6) // a rounding error plans no extra request
	if n < 0 || !(float64(n) < total) {
		return 0, false
	}
	if n == 0 {
		return 0, true
	}
	root := math.Sqrt(max(0, r.from*r.from+2*(r.to-r.from)/d*float64(n)))
	t := 2 * float64(n) / (r.from + root)
	return min(time.Duration(math.Round(t*1e9)), r.d-1), true
}

func (r ramp) Duration() time.Duration { return r.d }

type bursts struct {
	size     int64
	every, d time.Duration
}

// Bursts plans size requests due at the same instant, at 0 and then after each
// period of every, for d.
func Bursts(size int, every, d time.Duration) Profile { return bursts{int64(size), every, d} }

func (b bursts) Due(n int64) (time.Duration, bool) {
	if n < 0 || b.size <= 0 || b.every <= 0 || n/b.size > int64(b.d/b.every) {
		return 0, false
	}
	due := time.Duration(n/b.size) * b.every
	return due, due < b.d
}

func (b bursts) Duration() time.Duration { return b.d }
