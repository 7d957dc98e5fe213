package load

import (
	"sort"
	"time"
)

// sequence is profiles one after another.
type sequence struct {
	parts []part
	d     time.Duration
}

type part struct {
	Profile
	first  int64         // the first request of this part
	n      int64         // how many it has
	starts time.Duration // when it begins
}

// Sequence plays profiles one after another.
func Sequence(profiles ...Profile) Profile {
	var flat []Profile
	for _, p := range profiles {
		if s, ok := p.(sequence); ok {
			flat = append(flat, s.profiles()...)
			continue
		}
		flat = append(flat, p)
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return newSequence(flat)
}

func newSequence(profiles []Profile) sequence {
	var s sequence
	var first int64
	for _, p := range profiles {
		n := Planned(p)
		s.parts = append(s.parts, part{Profile: p, first: first, n: n, starts: s.d})
		first += n
		s.d += p.Duration()
	}
	return s
}

func (s sequence) profiles() []Profile {
	all := make([]Profile, len(s.parts))
	for i, p := range s.parts {
		all[i] = p.Profile
	}
	return all
}

func (s sequence) Due(n int64) (time.Duration, bool) {
	i := sort.Search(len(s.parts), func(i int) bool { return n < s.parts[i].first+s.parts[i].n })
	if n < 0 || i == len(s.parts) {
		return 0, false
	}
	due, ok := s.parts[i].Due(n - s.parts[i].first)
	return s.parts[i].starts + due, ok
}

func (s sequence) Duration() time.Duration { return s.d }

// steps is a sequence of constant rates, each as long as the others.
type steps struct {
	sequence
	rates []float64
	each  time.Duration
}

// Steps plays one constant rate after another, each for d.
func Steps(d time.Duration, rates ...float64) Profile {
	profiles := make([]Profile, len(rates))
	for i, rate := range rates {
		profiles[i] = Constant(rate, d)
	}
	return steps{newSequence(profiles), rates, d}
}
