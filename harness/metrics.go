package harness

import (
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// registry is all that a scenario measures, by name, read from what was seen;
// from nothing where nothing was seen yet, to tell which metrics there will be.
func registry(s Scenario, m Measurement) *verdict.Registry {
	r := metrics{Registry: new(verdict.Registry), seen: m.Load, disturbed: disturbances(m.Load)}
	for _, stream := range s.Load {
		r.addStreams(stream)
	}
	for _, series := range seriesOf(s) {
		r.addSeries(series.Name, series.Unit, s.foreign(series.Name))
	}
	for _, measure := range s.measures() {
		r.addReading(measure.Descriptor)
	}
	for _, d := range s.World.Dependencies {
		for name, why := range d.Unmeasured {
			r.Lacks(name, why)
		}
	}
	if s.Reconcile != nil {
		r.addLedger()
		for _, metric := range s.Reconciled {
			r.addReading(metric)
		}
	}
	if s.Ledger != nil {
		r.addAccount()
	}
	for _, i := range s.Invariants {
		r.addReading(i.descriptor())
	}
	r.addCut(s)
	r.addDrain(s.Timeline)
	r.addDeath()
	r.addEnds(s, m.Ends)
	r.addLogs(s)
	for _, relation := range s.Relations {
		r.addRelation(relation)
	}
	return r.Registry
}

// Metrics are all that the scenario measures, by name, before anything was.
func (s Scenario) Metrics() []verdict.Descriptor { return registry(s, Measurement{}).Descriptors() }

// metrics is a registry while it is filled.
type metrics struct {
	*verdict.Registry
	seen *LoadSeen // nil: nothing was
	// disturbed is what took time from the run.
	disturbed []result.Disturbance
}

// addReading enters what was read of functions.
func (r metrics) addReading(d verdict.Descriptor) {
	r.Add(d, verdict.Source{Read: func(w verdict.Window) verdict.Reading { return r.seen.reading(d.Name, w.Phase) }})
}

// addDeath enters how often the target ended by itself.
func (r metrics) addDeath() {
	r.Add(verdict.Descriptor{Name: verdict.UnexpectedEnds, Unit: result.UnitCount, Anytime: true, About: "how often the target ended and no fault had ended it"},
		verdict.Source{Read: func(verdict.Window) verdict.Reading {
			n := 0.0
			if r.seen != nil && r.seen.Died != nil {
				n = 1
			}
			return verdict.Reading{Value: n, Samples: 1}
		}})
}

// addDrain enters how long it took, after the load, until the work that it
// had caused was done; where it never was, for how long that was waited for.
func (r metrics) addDrain(t Timeline) {
	r.Add(verdict.Descriptor{Name: "drain.duration", Unit: result.UnitMS, Timed: true, Whole: true, About: "from the end of the load until its work was done"},
		verdict.Source{Read: func(verdict.Window) verdict.Reading {
			if r.seen == nil {
				return verdict.Reading{}
			}
			return verdict.Reading{Value: ms(max(0, r.seen.Over-t.Total())), Samples: 1}
		}})
}

// addLedger enters the entries of the ledger as ledger.NAME.
func (r metrics) addLedger() {
	for _, e := range []struct {
		name, about string
		timed       bool // a call that is given up too often for want of time is made no more
		of          func(*result.Ledger) int64
	}{
		{"accepted", "tasks that the service took on", true, func(l *result.Ledger) int64 { return l.Accepted }},
		{"delivered", "of these, those that arrived", true, func(l *result.Ledger) int64 { return l.Delivered }},
		{"failed_permanent", "of these, those that failed for good and say so", false, func(l *result.Ledger) int64 { return l.FailedPermanent }},
		{"failed_exhausted", "of these, those whose attempts ran out", true, func(l *result.Ledger) int64 { return l.FailedExhausted }},
		{"unfinished", "of these, those that were still to be done at the end", true, func(l *result.Ledger) int64 { return l.Unfinished }},
		{"lost", "of these, those that nobody knows of any more", false, func(l *result.Ledger) int64 { return l.Lost }},
		{"duplicated", "what arrived more than once", false, func(l *result.Ledger) int64 { return l.Duplicated }},
	} {
		r.Add(verdict.Descriptor{Name: "ledger." + e.name, Unit: result.UnitCount, Timed: e.timed, Whole: true, About: e.about},
			verdict.Source{Read: func(verdict.Window) verdict.Reading {
				if r.seen == nil || r.seen.Ledger == nil || r.seen.Ledger.Accepted == 0 {
					return verdict.Reading{}
				}
				return verdict.Reading{Value: float64(e.of(r.seen.Ledger)), Samples: r.seen.Ledger.Accepted}
			}})
	}
}

// pilesUp reports whether a series is of things that go on at once, of which there
// are more where all takes longer, or of the memory that they hold. What has a fixed
// room, as connections have in their pool, has no more of it for that.
func pilesUp(series, unit string) bool {
	return unit == result.UnitBytes || unit == result.UnitCount && !strings.HasPrefix(series, "db.connections.")
}

// addSeries enters what a probe's series says of a window: NAME.max, .min, .mean,
// .last, and NAME itself as the thing that falls to a value.
// Where it is foreign it may be anything.
func (r metrics) addSeries(name, unit string, foreign bool) {
	for _, stat := range []struct {
		name, about string
		of          func(probe.Window) float64
	}{
		{"max", "the largest value over time", func(w probe.Window) float64 { return w.Max }},
		{"min", "the smallest value over time", func(w probe.Window) float64 { return w.Min }},
		{"mean", "the mean value over time", func(w probe.Window) float64 { return w.Mean }},
		{"last", "the last value over time", func(w probe.Window) float64 { return w.Last }},
	} {
		r.Add(verdict.Descriptor{Name: name + "." + stat.name, Unit: unit, Timed: pilesUp(name, unit), Unbounded: foreign, Grows: stat.name == "max", About: stat.about}, verdict.Source{Read: func(w verdict.Window) verdict.Reading {
			if r.seen == nil {
				return verdict.Reading{}
			}
			seen, _ := r.seen.Record.Window(name, w.From, w.To)
			return verdict.Reading{Value: stat.of(seen), Samples: seen.N}
		}})
	}
	r.Add(verdict.Descriptor{Name: name, Unit: unit, About: "over time", Unbounded: foreign}, verdict.Source{Read: r.grown(name), Points: func(w verdict.Window) []verdict.Point {
		var points []verdict.Point
		if r.seen == nil {
			return nil
		}
		for at, value := range r.seen.Record.Points(name) {
			if at >= w.From && at < w.To {
				points = append(points, verdict.Point{At: at, Value: value})
			}
		}
		return points
	}})
}

// grown is what a series that only grows, as that of restarts, grew by in a window. Of
// any other there is no one value: a check asks for its most, its least or its mean.
func (r metrics) grown(name string) func(verdict.Window) verdict.Reading {
	if !strings.HasSuffix(name, ".restarts") {
		return nil
	}
	return func(w verdict.Window) verdict.Reading {
		if r.seen == nil {
			return verdict.Reading{}
		}
		seen, _ := r.seen.Record.Window(name, w.From, w.To)
		before, _ := r.seen.Record.Window(name, 0, w.From)
		if seen.N == 0 {
			return verdict.Reading{}
		}
		if before.N == 0 {
			before.Max = 0
		}
		return verdict.Reading{Value: max(0, seen.Max-before.Max), Samples: seen.N}
	}
}

// addEnds enters how often each program ended by itself, whether or not it was started
// again, and how often the kernel killed one of its processes for want of memory.
func (r metrics) addEnds(s Scenario, ends []result.End) {
	of := func(place string, when func(result.End) []float64) verdict.Source {
		return verdict.Source{Read: func(w verdict.Window) verdict.Reading {
			if r.seen == nil {
				return verdict.Reading{}
			}
			reading := verdict.Reading{Samples: 1}
			for _, e := range ends {
				if e.EndS == nil || !s.isOf(e, place) {
					continue
				}
				for _, seconds := range when(e) {
					if at := time.Duration(seconds * float64(time.Second)); w.Phase == "" || at >= w.From && at < w.To {
						reading.Value++
					}
				}
			}
			return reading
		}}
	}
	for _, place := range s.programs() {
		r.Add(verdict.Descriptor{Name: place + ".unexpected_ends", Unit: result.UnitCount, Anytime: true, About: "how often it ended and no fault had ended it, started again or not"},
			of(place, func(e result.End) []float64 { return endIf(e, !e.Expected) }))
		r.Add(verdict.Descriptor{Name: place + ".oom_kills", Unit: result.UnitCount, Anytime: true, About: "how often the kernel killed it, or one of its workers, for want of memory"},
			of(place, func(e result.End) []float64 {
				if len(e.OOMKillsS) > 0 {
					return e.OOMKillsS
				}
				return endIf(e, e.OOMKilled)
			}))
	}
}

// endIf is when a life ended, if that is what is counted.
func endIf(e result.End, counts bool) []float64 {
	if !counts {
		return nil
	}
	return []float64{*e.EndS}
}
