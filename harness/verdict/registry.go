package verdict

import (
	"math"
	"slices"

	"holdfast.dev/holdfast/harness/result"
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
	// ByClock marks what is not, but is decided by a time of day: what has to wait until
	// then, and not longer, is missed where the wall clock is moved.
	ByClock bool
	// MinSamples is how many samples the value needs to mean anything: 100 for
	// a 99th percentile. Defaults to 1.
	MinSamples int64
	// Whole marks what has one value for all of a scenario, the same in each phase: it
	// can't be held against its baseline.
	Whole bool
	// Unbounded marks what may be less than 0, or more than 100 % as a share: what a
	// page, a query or a command of somebody else's says. All else can't.
	Unbounded bool
	// Anytime marks what counts from the target's start on, whatever phases took
	// place: a target that dies in the warm-up has died.
	Anytime bool
	// Grows marks what is never less than it was earlier in the same window: what is
	// over its limit there stays so.
	Grows bool
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
	lacks   map[string]string // why what could have been expected is not measured
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

// Lacks says why there is no metric of a name that people may look for.
func (b *Registry) Lacks(name, why string) {
	if b.lacks == nil {
		b.lacks = map[string]string{}
	}
	b.lacks[name] = why
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

// Descriptor returns what is known of a metric; nothing where there is none of that name.
func (b *Registry) Descriptor(metric string) Descriptor { return b.entries[metric].Descriptor }

// Descriptors returns what is known of all metrics, by name.
func (b *Registry) Descriptors() []Descriptor {
	all := make([]Descriptor, 0, len(b.entries))
	for _, name := range b.Names() {
		all = append(all, b.entries[name].Descriptor)
	}
	return all
}

// Read is what a metric was in a window; nothing where there is none of that name, or
// where it is a series of which no one value can be told.
func (b *Registry) Read(metric string, w Window) Reading {
	if e := b.entries[metric]; e.Read != nil {
		return e.Read(w)
	}
	return Reading{}
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
	e, ok := b.entries[check.Metric]
	check.Limit, check.Upper = in(check.Limit, e.Unit), in(check.Upper, e.Unit)
	c := check.asked()
	if c.Times != 0 {
		c.Unit = e.Unit
	}
	c.Name = Name(c)
	if !ok {
		c.Verdict, c.Reason = result.Inconclusive, "nothing measured "+c.Metric
		return c
	}
	c.Timed, c.ByClock, c.MinSamples = e.OfTime() || check.Op == FallsTo, e.ByClock, e.MinSamples
	w, ok := WindowOf(phases, c.Phase)
	if !ok && !e.Anytime {
		c.Verdict, c.Reason = result.NotExercised, missing(c.Phase)
		return c
	}
	if c.Times != 0 {
		c.Baseline, c.BaselineSamples = e.baseline(phases)
	}
	if check.Op == FallsTo {
		return Evaluate(c, Fall(e.Points(w), w.From, *c.Level), w, v)
	}
	return Evaluate(c, e.Read(w), w, v)
}

// in is a quantity in the unit of its metric, as it is where it has no such.
func in(q Quantity, unit string) Quantity {
	q, _ = q.In(unit)
	return q
}

// baseline is what a metric was in the baseline, and on how many samples; nil where
// nothing measured it then.
func (e entry) baseline(phases []result.Phase) (value *float64, samples int64) {
	w, ok := WindowOf(phases, result.Baseline)
	if !ok {
		return nil, 0
	}
	r := e.Read(w)
	if r.Samples == 0 || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
		return nil, r.Samples
	}
	return &r.Value, r.Samples
}

// OfTime reports whether a metric is the machine's doing as well: whatever is
// measured in time is.
func (d Descriptor) OfTime() bool {
	return d.Timed || d.Unit == result.UnitMS || d.Unit == result.UnitSeconds || d.Unit == result.UnitPerS
}

func missing(phase string) string {
	if phase == "" {
		return "nothing took place after the warm-up"
	}
	return "the phase " + phase + " did not take place"
}
