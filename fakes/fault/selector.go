package fault

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Selector says which requests a fault acts on, and when. All that is set must
// hold; the zero value picks every request.
type Selector struct {
	// Probability is the share of requests, drawn for each. Defaults to 1.
	Probability float64
	// Nth picks the n-th request alone, Every each n-th. Both count from 1.
	Nth, Every int
	// PerAll counts over all requests that the fault looks at, in the order in
	// which they happen to arrive. Defaults to counting the attempts of each
	// key, which no order can change.
	PerAll bool
	// Keys picks by name: an oracle, a recipient, an API key. A name that ends
	// in * stands for all that begin like it. Defaults to any.
	Keys []string
	// Pick chooses so many of Keys by the seed: k that fail together among n.
	// Defaults to all of them.
	Pick int
	// From and To bound the time, as offsets from the start of the run. To is
	// exclusive. Defaults to always.
	From, To time.Duration
	// Ramp is how long the probability takes to rise after From, and to fall
	// before To. Defaults to at once.
	Ramp time.Duration
	// FlapOn and FlapOff make the fault come and go, on first, from From on.
	// Defaults to staying on.
	FlapOn, FlapOff time.Duration
	// AtOnce is the most requests that the fault has in hand at once; further
	// ones pass. Defaults to no bound.
	AtOnce int
}

// Validate reports all that is wrong with the selector.
func (s Selector) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(s.Probability >= 0 && s.Probability <= 1, "p=%v is not between 0 and 1", s.Probability)
	check(s.Nth >= 0, "nth=%d is below 0", s.Nth)
	check(s.Every >= 0, "every=%d is below 0", s.Every)
	check(s.AtOnce >= 0, "at-once=%d is below 0", s.AtOnce)
	check(s.From >= 0, "from=%v is below 0", s.From)
	check(s.To == 0 || s.To > s.From, "to=%v is not after from=%v", s.To, s.From)
	check(s.Ramp >= 0, "ramp=%v is below 0", s.Ramp)
	check(s.FlapOn >= 0 && s.FlapOff >= 0 && (s.FlapOn == 0) == (s.FlapOff == 0),
		"flap=%v/%v needs two times above 0", s.FlapOn, s.FlapOff)
	check(s.Pick >= 0 && (s.Pick == 0 || s.Pick <= len(s.Keys)), "pick=%d of %d keys", s.Pick, len(s.Keys))
	for _, key := range s.Keys {
		check(plain(key) && !strings.Contains(key, ","), "key %q is empty or has a blank, a comma or a quote in it", key)
		check(s.Pick == 0 || !strings.HasSuffix(key, "*"), "pick=%d can't choose among what %q stands for", s.Pick, key)
	}
	return errors.Join(errs...)
}

// plain says whether text can stand in the text form.
func plain(text string) bool {
	return text != "" && !strings.Contains(text, "->") && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsPrint(r) || unicode.IsSpace(r) || r == '"' || r == utf8.RuneError
	})
}

// String is the selector in the text form, empty for one that picks everything.
func (s Selector) String() string {
	count := "all"
	if !s.PerAll {
		count = ""
	}
	flap := ""
	if s.FlapOn > 0 {
		flap = s.FlapOn.String() + "/" + s.FlapOff.String()
	}
	return strings.TrimSpace(words("",
		"p", s.Probability, "nth", s.Nth, "every", s.Every, "per", count,
		"key", strings.Join(s.Keys, ","), "pick", s.Pick,
		"from", s.From, "to", s.To, "ramp", s.Ramp, "flap", flap, "at-once", s.AtOnce))
}

// active says whether the fault is on at an offset, and for how long it stays
// on; Forever if nothing ends it.
func (s Selector) active(at time.Duration) (bool, time.Duration) {
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
func (s Selector) probability(at time.Duration) float64 {
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
func (s Selector) counts(n int) bool {
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
func (s Selector) chosen(seed uint64, fault string) []string {
	if s.Pick == 0 {
		return s.Keys
	}
	keys := slices.Clone(s.Keys)
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(Hash(seed, fault, a), Hash(seed, fault, b)), cmp.Compare(a, b))
	})
	return keys[:s.Pick]
}
