package verdict

import (
	"errors"
	"fmt"
	"slices"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/nearest"
)

// Descriptor says what a metric is, before anything of it was measured.
type Descriptor struct {
	Name  string // for example search.latency.p99
	Unit  string // one of the result.Unit constants
	About string // one line for people
	// Timed marks what can be missed for want of time alone: a limit on it proves
	// nothing against the target while something from outside took time from the run
	// or the generator was late by itself. What is measured in milliseconds or
	// seconds, and what is a rate, is so without saying. What no delay brings about
	// is not: lost or doubled work, a wrong answer, memory, attempts beyond a cap.
	Timed bool
	// MinSamples is how many samples the value needs to mean anything: 100 for
	// a 99th percentile. Defaults to 1.
	MinSamples int64
	// Anytime marks what counts from the target's start on, whatever phases took
	// place: a target that dies in the warm-up has died.
	Anytime bool
}

// Source gives a metric's measurements once the load has ended. Points is nil
// for what has no series; only [FallsTo] needs it.
type Source struct {
	Read   func(Window) Reading
	Points func(Window) []Point
}

// Registry is all that one scenario measures, by name.
type Registry struct {
	entries map[string]entry
}

type entry struct {
	Descriptor
	Source
}

// Add enters a metric. The first entry of a name stays: a metric has one meaning.
func (b *Registry) Add(d Descriptor, s Source) {
	if b.entries == nil {
		b.entries = map[string]entry{}
	}
	if _, ok := b.entries[d.Name]; !ok {
		b.entries[d.Name] = entry{d, s}
	}
}

// Names returns the names of all metrics, sorted.
func (b *Registry) Names() []string {
	names := make([]string, 0, len(b.entries))
	for name := range b.entries {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Validate reports everything that is wrong with checks, before the run: a
// metric that nobody measures (with the nearest name), another unit than the
// metric's, a falls-to on what has no series, no operator.
func (b *Registry) Validate(checks []Check) error {
	var errs []error
	for _, c := range checks {
		e, ok := b.entries[c.Metric]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("check %q: nothing measures %q%s", c, c.Metric, nearest.Hint(c.Metric, b.Names())))
		case c.Op == "":
			errs = append(errs, fmt.Errorf("check on %s has no limit", c.Metric))
		case c.Limit.Unit != e.Unit:
			errs = append(errs, fmt.Errorf("check %q: the limit is in %s, the metric in %s", c, c.Limit.Unit, e.Unit))
		case c.Op == Between && (c.Upper.Unit != e.Unit || c.Upper.Value < c.Limit.Value):
			errs = append(errs, fmt.Errorf("check %q: the upper limit is below the lower, or in another unit", c))
		case c.Op == FallsTo && (e.Points == nil || c.Phase == "" || c.Within <= 0):
			errs = append(errs, fmt.Errorf("check %q: falling to a value needs a metric with a series, a phase and a time", c))
		}
	}
	return errors.Join(errs...)
}

// Judge holds each check against what was measured, in order. The first decides
// where none is marked as primary.
func (b *Registry) Judge(checks []Check, phases []result.Phase, v result.Validity) []result.Check {
	judged := make([]result.Check, 0, len(checks))
	primary := slices.ContainsFunc(checks, func(c Check) bool { return c.Primary })
	for i, c := range checks {
		c.Primary = c.Primary || i == 0 && !primary
		judged = append(judged, b.judge(c, phases, v))
	}
	return judged
}

func (b *Registry) judge(check Check, phases []result.Phase, v result.Validity) result.Check {
	c := check.asked()
	c.Name = Name(c)
	e, ok := b.entries[c.Metric]
	if !ok {
		c.Verdict, c.Reason = result.Inconclusive, "nothing measured "+c.Metric
		return c
	}
	c.Timed, c.MinSamples = e.timed() || check.Op == FallsTo, e.MinSamples
	w, ok := WindowOf(phases, c.Phase)
	if !ok && !e.Anytime {
		c.Verdict, c.Reason = result.NotExercised, missing(c.Phase)
		return c
	}
	if check.Op == FallsTo {
		return Evaluate(c, Fall(e.Points(w), w.From, *c.Level), w, v)
	}
	return Evaluate(c, e.Read(w), w, v)
}

// timed reports whether a metric is the machine's doing as well: whatever is
// measured in time is.
func (d Descriptor) timed() bool {
	return d.Timed || d.Unit == result.UnitMS || d.Unit == result.UnitSeconds || d.Unit == result.UnitPerS
}

func missing(phase string) string {
	if phase == "" {
		return "nothing took place after the warm-up"
	}
	return "the phase " + phase + " did not take place"
}
