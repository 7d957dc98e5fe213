package task

import (
	"slices"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// mailAPI is the place of the e-mail API.
const mailAPI = "mail_api"

// mailAdapter is the e-mail API that keeps, when all is over, the account of every task.
type mailAdapter struct {
	*adapter.Mail
	tasks []taskRecord // since the account was drawn up
}

// mailFake plays the e-mail API and measures, beside what it does itself,
// mail_api.calls_per_task: attempts for each task that was taken on.
func mailFake(c emailapi.Config, key adapter.KeyAt) harness.Dependency {
	d := adapter.EmailAPI(mailAPI, c, key)
	return harness.Dependency{Name: mailAPI, Open: func(seed uint64) (harness.Fake, error) {
		fake, err := d.Open(seed)
		if err != nil {
			return nil, err
		}
		a := &mailAdapter{Mail: fake.(*adapter.Mail)}
		a.AddMeasures(a.callsPerTask())
		return a, nil
	}}
}

func (a *mailAdapter) callsPerTask() harness.Measure {
	about := verdict.Descriptor{Name: mailAPI + ".calls_per_task", Unit: result.UnitFraction, About: "attempts for each task that was taken on"}
	return adapter.Measure(mailAPI, about, func(j *journal.Journal, _ harness.State, _ verdict.Window) verdict.Reading {
		n, calls := 0, j.Count(journal.Filter{})
		for _, t := range a.tasks {
			if t.stored {
				n++
			}
		}
		return verdict.Reading{Value: float64(calls) / float64(n), Samples: int64(calls)}
	})
}

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
	about := verdict.Descriptor{Name: mailAPI + "." + name, Unit: unit, MinSamples: 20}
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
		if len(first) == 0 || len(last) == 0 {
			return verdict.Reading{}
		}
		return verdict.Reading{Value: of(first, last), Samples: int64(len(last))}
	})
}

// quantile is the q-th part of some durations, in their order.
func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
