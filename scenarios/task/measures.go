package task

import (
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
//	mail_api.gap.growth     the last pause before an attempt, by the first one; medians
//	mail_api.gap.spread     from the 10th to the 90th percentile of the last pauses, by their median
func pauses() []harness.Measure {
	return []harness.Measure{
		overGaps("gap.growth", result.UnitFraction, func(first, last []time.Duration) float64 {
			return float64(quantile(last, 0.5)) / float64(quantile(first, 0.5))
		}),
		overGaps("gap.spread", result.UnitRatio, func(_, last []time.Duration) float64 {
			return float64(quantile(last, 0.9)-quantile(last, 0.1)) / float64(quantile(last, 0.5))
		}),
	}
}

// overGaps is a measure over the first and the last pauses that the target made
// between its attempts at a call.
func overGaps(name, unit string, of func(first, last []time.Duration) float64) harness.Measure {
	about := verdict.Descriptor{Name: mailAPI + "." + name, Unit: unit, Timed: true, MinSamples: 20}
	return adapter.Measure(mailAPI, about, func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
		var first, last []time.Duration
		for _, g := range j.Gaps(journal.Filter{}) {
			switch g.Attempt {
			case 2:
				first = append(first, g.FromEnd)
			case maxAttempts:
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
func pause(name, which string) harness.Measure {
	about := verdict.Descriptor{Name: name + ".pause." + which, Unit: result.UnitMS, About: "between the answer and the next attempt"}
	return adapter.Measure(mailAPI, about, func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
		hit := j.Attempts(journal.Filter{Where: brokenBy(name)})
		var all []time.Duration
		for _, g := range j.Gaps(journal.Filter{}) {
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

// wrongAttempts counts the calls that were tried another number of times than
// the class of their error asks for, as the fake counted them: once if it is
// permanent, else four times. Each error has a fault of its own, see errorFault.
func wrongAttempts(catalogue []emailapi.Error) harness.Measure {
	about := verdict.Descriptor{Name: mailAPI + ".wrong_attempts", Unit: result.UnitCount, Timed: true}
	return adapter.Measure(mailAPI, about, func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
		var r verdict.Reading
		beyond := 0.0 // more than any call may have: no want of time makes them
		for _, e := range catalogue {
			want := maxAttempts
			if e.Class == emailapi.Permanent || e.Class == emailapi.Parked {
				want = 1
			}
			for _, n := range j.Attempts(journal.Filter{Where: brokenBy(errorFault(e))}) {
				r.Samples++
				if n != want {
					r.Value++
				}
				if n > maxAttempts {
					beyond++
				}
			}
		}
		r.Regardless = &beyond
		return r
	})
}

// brokenBy picks what a fault of that name acted on.
func brokenBy(fault string) func(journal.Entry) bool {
	return func(e journal.Entry) bool {
		for _, f := range e.Faults {
			if f == fault {
				return true
			}
		}
		return false
	}
}
