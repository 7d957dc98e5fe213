package task

import (
	"net/http"
	"slices"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// pauses are what the API knows of the pauses that the target makes between its
// attempts at a call, over the whole scenario.
//
//	FAR.gap.growth     the last pause before an attempt, by the first one; medians
//	FAR.gap.spread     from the 10th to the 90th percentile of the last pauses, by their median
func (s *service) pauses() []harness.Measure {
	return []harness.Measure{
		s.overGaps("gap.growth", result.UnitFraction, func(first, last []time.Duration) float64 {
			return float64(quantile(last, 0.5)) / float64(quantile(first, 0.5))
		}),
		s.overGaps("gap.spread", result.UnitRatio, func(_, last []time.Duration) float64 {
			return float64(quantile(last, 0.9)-quantile(last, 0.1)) / float64(quantile(last, 0.5))
		}),
	}
}

// overGaps is a measure over the first and the last pauses that the target made
// between its attempts at a call.
func (s *service) overGaps(name, unit string, of func(first, last []time.Duration) float64) harness.Measure {
	about := verdict.Descriptor{Name: s.far(name), Unit: unit, Timed: true, MinSamples: 20}
	return adapter.Measure(s.Far, about, func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
		var first, last []time.Duration
		for _, g := range j.Gaps(s.calls()) {
			switch g.Attempt {
			case 2:
				first = append(first, g.FromEnd)
			case s.attempts():
				last = append(last, g.FromEnd)
			}
		}
		if len(first) == 0 || len(last) == 0 || quantile(first, 0.5) <= 0 || quantile(last, 0.5) <= 0 {
			return verdict.Reading{} // of nothing there is no multiple
		}
		return verdict.Reading{Value: of(first, last), Samples: int64(len(last))}
	})
}

// pause is the shortest or longest pause after an answer that a fault gave:
// NAME.pause.min, NAME.pause.max.
func (s *service) pause(name, which string) harness.Measure {
	about := verdict.Descriptor{Name: name + ".pause." + which, Unit: result.UnitMS, About: "between the answer and the next attempt"}
	return adapter.Measure(s.Far, about, func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
		hit := j.Attempts(s.brokenBy(name))
		var all []time.Duration
		for _, g := range j.Gaps(s.calls()) {
			if hit[g.Name] > 0 && g.Attempt == 2 {
				all = append(all, g.FromEnd)
			}
		}
		if len(all) == 0 {
			return verdict.Reading{}
		}
		q := 0.0
		if which == "max" {
			q = 1
		}
		return verdict.Reading{Value: milliseconds(quantile(all, q)), Samples: int64(len(all))}
	})
}

// turnedAway is how often those calls were tried at least that a fault turned away, of
// whatever it acted on: NAME.tries.min. Where it turned nobody away there is none.
func (s *service) turnedAway(name string) harness.Measure {
	about := verdict.Descriptor{Name: name + ".tries.min", Unit: result.UnitCount, Timed: true, About: "attempts at a call that the API turned away, at least"}
	return adapter.Measure(s.Far, about, func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
		all := j.Attempts(s.calls())
		refused := s.brokenBy(name)
		acted := refused.Where
		refused.Where = func(e journal.Entry) bool { return acted(e) && e.Status >= http.StatusBadRequest }
		var tries []int
		for call := range j.Attempts(refused) {
			tries = append(tries, all[call])
		}
		if len(tries) == 0 {
			return verdict.Reading{}
		}
		return verdict.Reading{Value: float64(slices.Min(tries)), Samples: int64(len(tries))}
	})
}

// triedAgain is how often a call was answered by a fault at most: PLACE.FAULT_attempts.max.
// One that the client had let go of is not among them, for it was not heard.
func (s *service) triedAgain(fault string) harness.Measure {
	about := verdict.Descriptor{Name: s.far(fault + "_attempts.max"), Unit: result.UnitCount, About: "the most answers of one fault to one call"}
	return adapter.Measure(s.Far, about, func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
		f := s.brokenBy(fault)
		acted := f.Where
		f.Where = func(e journal.Entry) bool { return acted(e) && e.Outcome == journal.Answered }
		var most verdict.Reading
		for _, n := range j.Attempts(f) {
			most.Value = max(most.Value, float64(n))
			most.Samples++
		}
		return most
	})
}

// wrongAttempts counts the calls that were tried another number of times than
// the class of their error asks for, as the fake counted them: once if it is
// permanent, else as often as a task is tried at most. Each error has a fault of its own, see errorFault.
func (s *service) wrongAttempts(catalogue []emailapi.Error) harness.Measure {
	about := verdict.Descriptor{Name: s.far("wrong_attempts"), Unit: result.UnitCount, Timed: true}
	return adapter.Measure(s.Far, about, func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
		var r verdict.Reading
		beyond := 0.0 // more than any call may have: no want of time makes them
		for _, e := range catalogue {
			want := s.attempts()
			if e.Class == emailapi.Permanent || e.Class == emailapi.Parked {
				want = 1
			}
			for _, n := range j.Attempts(s.brokenBy(errorFault(e))) {
				r.Samples++
				if n != want {
					r.Value++
				}
				if n > s.attempts() {
					beyond++
				}
			}
		}
		r.Regardless = &beyond
		return r
	})
}

// calls picks the mails at the place that they are sent to.
func (s *service) calls() journal.Filter { return journal.Filter{Group: s.Group} }

// brokenBy picks those that a fault of that name acted on.
func (s *service) brokenBy(fault string) journal.Filter {
	f := s.calls()
	f.Where = func(e journal.Entry) bool { return slices.Contains(e.Faults, fault) }
	return f
}
