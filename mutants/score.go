package mutants

import "math"

// Score says how many mutants a suite has killed.
type Score struct {
	Killed int // for a reason that fits
	// Of are all but those that are equivalent: what survived, what was killed for
	// another reason and what was never exercised counts against the suite.
	Of int
}

// Share is how many of all were killed; 0 of none.
func (s Score) Share() float64 {
	if s.Of == 0 {
		return 0
	}
	return float64(s.Killed) / float64(s.Of)
}

// Interval is the 95 % interval of the share by Wilson (1927), which is honest
// also for few mutants and for shares near 1.
func (s Score) Interval() (low, high float64) {
	if s.Of == 0 {
		return 0, 1
	}
	const z = 1.959964 // of the normal distribution, 2.5 % above
	n, p := float64(s.Of), s.Share()
	middle := p + z*z/(2*n)
	spread := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, (middle-spread)/(1+z*z/n)), min(1, (middle+spread)/(1+z*z/n))
}
