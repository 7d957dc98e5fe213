package httpfault

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/fault"
)

// active says whether the fault is on at an offset, and for how long it stays
// on; Forever if nothing ends it.
func active(s fault.Selector, at time.Duration) (bool, time.Duration) {
	if s.From != 0 && at < s.From || s.To != 0 && at >= s.To {
		return false, 0
	}
	left := Forever
	if s.To != 0 {
		left = s.To - at
	}
	if s.FlapOn > 0 {
		phase := (at - s.From) % (s.FlapOn + s.FlapOff)
		if phase >= s.FlapOn {
			return false, 0
		}
		left = min(left, s.FlapOn-phase)
	}
	return true, left
}

// probability returns the share of requests that the fault acts on at an offset.
func probability(s fault.Selector, at time.Duration) float64 {
	p := cmp.Or(s.Probability, 1)
	if s.Ramp == 0 {
		return p
	}
	share := min(1, float64(at-s.From)/float64(s.Ramp))
	if s.To != 0 {
		share = min(share, float64(s.To-at)/float64(s.Ramp))
	}
	return p * share
}

// counts says whether the n-th request is picked by number.
func counts(s fault.Selector, n int) bool {
	return (s.Nth == 0 || n == s.Nth) && (s.Every == 0 || n%s.Every == 0)
}

// matches says whether one of names is among keys.
func matches(keys, names []string) bool {
	if len(keys) == 0 {
		return true
	}
	return slices.ContainsFunc(keys, func(key string) bool {
		prefix, open := strings.CutSuffix(key, "*")
		return slices.ContainsFunc(names, func(name string) bool {
			return name == key || open && strings.HasPrefix(name, prefix)
		})
	})
}

// chosen returns the keys that act: all of them, or Pick of them, the same for
// the same seed and fault.
func chosen(s fault.Selector, seed uint64, id string) []string {
	if s.Pick == 0 {
		return s.Keys
	}
	keys := slices.Clone(s.Keys)
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(Hash(seed, id, a), Hash(seed, id, b)), cmp.Compare(a, b))
	})
	return keys[:s.Pick]
}
