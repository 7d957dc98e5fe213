package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
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
	// From and To bound the time, as offsets from the start of the run, or of the
	// fault where an experiment lays it on. To is exclusive. Defaults to always.
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

// Selectors are the names of all selectors, as a [Support] gives those that its
// place understands.
func Selectors() []string {
	return []string{"p", "nth", "every", "per", "key", "pick", "from", "to", "ramp", "flap", "at-once"}
}

// pairs are the selectors with their values as they are written, in order;
// empty where one is not set.
func (s Selector) pairs() [][2]string {
	flap := when(s.FlapOn > 0, s.FlapOn.String()+"/"+s.FlapOff.String())
	return [][2]string{
		{"p", shareText(s.Probability)}, {"nth", countText(s.Nth)}, {"every", countText(s.Every)}, {"per", when(s.PerAll, "all")},
		{"key", strings.Join(s.Keys, ",")}, {"pick", countText(s.Pick)},
		{"from", timeText(s.From)}, {"to", timeText(s.To)}, {"ramp", timeText(s.Ramp)}, {"flap", flap}, {"at-once", countText(s.AtOnce)},
	}
}

// Used returns the names of the selectors that are set, in order.
func (s Selector) Used() []string {
	var names []string
	for _, pair := range s.pairs() {
		if pair[1] != "" {
			names = append(names, pair[0])
		}
	}
	return names
}

// String is the selector in the text form, empty for one that picks everything.
func (s Selector) String() string {
	var parts []string
	for _, pair := range s.pairs() {
		parts = append(parts, named(pair[0], pair[1]))
	}
	return text(parts...)
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

// takeSelectors moves the selectors and the id out of a step's words.
func takeSelectors(step []string) (selectors, rest []string) {
	for _, word := range step {
		name, _, ok := strings.Cut(word, "=")
		if ok && (name == "id" || slices.Contains(Selectors(), name)) {
			selectors = append(selectors, word)
		} else {
			rest = append(rest, word)
		}
	}
	return selectors, rest
}

// selector reads what takeSelectors took, but for the id.
func (w *words) selector() Selector {
	s := Selector{
		Probability: w.probability(), Nth: w.count("nth"), Every: w.count("every"),
		Pick: w.count("pick"), AtOnce: w.count("at-once"),
		From: w.duration("from"), To: w.duration("to"), Ramp: w.duration("ramp"),
	}
	switch per := w.option("per"); per {
	case "", "key":
	case "all":
		s.PerAll = true
	default:
		w.fail("per is key or all, not %q", per)
	}
	if keys := w.option("key"); keys != "" {
		s.Keys = strings.Split(keys, ",")
	}
	if flap := w.option("flap"); flap != "" {
		on, off, _ := strings.Cut(flap, "/")
		s.FlapOn, s.FlapOff = w.toDuration("flap", on), w.toDuration("flap", off)
	}
	return s
}

func (w *words) probability() float64 {
	value := w.option("p")
	if value == "" {
		return 0
	}
	p, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil:
		w.fail("p is a number, not %q", value)
	case p == 0:
		w.fail("p=%s: it would never fire", value)
	}
	return p
}
