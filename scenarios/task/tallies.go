package task

import (
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// evidence is what both sides say, when all is over.
type evidence struct {
	tasks []record
	calls int // at the e-mail API, over the whole scenario
}

// tally is a metric that is read from the evidence of both sides.
type tally struct {
	verdict.Descriptor
	read func(evidence, verdict.Window) verdict.Reading
}

// descriptors are what the tallies say of themselves before anything is measured.
func descriptors(all []tally) []verdict.Descriptor {
	ds := make([]verdict.Descriptor, len(all))
	for i, t := range all {
		ds[i] = t.Descriptor
	}
	return ds
}

// tallies are the metrics of some mailings:
//
//	tasks.attempts.max, .min   by the queue's own count, of the tasks taken on
//	tasks.unfinished           tasks that the queue still has to do at the end
//	tasks.stored_unheard       tasks that the queue knows and that were not answered 202;
//	                           without any there is no sample
//	tasks.unserved             recipients of tasks taken on that got no mail
//	mail_api.calls_per_task    calls at the API for each task that the queue knows
//	MAILING.delay.p50, .p90, .p99, .max  from when the request was due to when the
//	                           API had the mail, of the delivered ones
//	MAILING.failed_tasks       tasks taken on that the queue gave up; .unfailed_tasks, that it did not
//
// and those of a mailing's own.
func tallies(mailings []mailing) []tally {
	taken := func(t record) bool { return t.accepted && t.stored }
	all := []tally{
		overTasks("tasks.attempts.max", taken, func(ts []record) float64 { return float64(slices.MaxFunc(ts, byAttempts).attempts) }),
		inTime(overTasks("tasks.attempts.min", taken, func(ts []record) float64 { return float64(slices.MinFunc(ts, byAttempts).attempts) })),
		inTime(counting("tasks.unfinished", func(t record) bool { return t.stored }, func(t record) bool { return !t.over() })),
		inTime(overTasks("tasks.unserved", func(t record) bool { return t.accepted }, func(ts []record) float64 {
			n := 0
			for _, t := range ts {
				n += t.unserved()
			}
			return float64(n)
		})),
		counting("tasks.stored_unheard", func(t record) bool { return t.stored && !t.accepted }, func(record) bool { return true }),
		callsPerTask(),
	}
	for _, m := range mailings {
		own := func(t record) bool { return t.mailing == m.name && t.accepted }
		all = append(all,
			inTime(counting(m.name+".failed_tasks", own, func(t record) bool { return t.failed() })),
			inTime(counting(m.name+".unfailed_tasks", own, func(t record) bool { return !t.failed() })),
			delay(m.name, "p50", 0.5, 1), delay(m.name, "p90", 0.9, 10), delay(m.name, "p99", 0.99, 100), delay(m.name, "max", 1, 1))
		all = append(all, m.also...)
	}
	return all
}

func byAttempts(a, b record) int { return a.attempts - b.attempts }

// inTime marks a tally as one that can be missed for want of time alone: a call that
// is given up too often is made no more, and its task fails or is still to be done.
// What is lost or doubled is not of that kind, nor an attempt too many.
func inTime(t tally) tally { t.Timed = true; return t }

// overTasks is a number over some of the tasks, whenever their requests were due.
func overTasks(name string, which func(record) bool, of func([]record) float64) tally {
	return tally{verdict.Descriptor{Name: name, Unit: result.UnitCount}, func(e evidence, _ verdict.Window) verdict.Reading {
		var some []record
		for _, t := range e.tasks {
			if which(t) {
				some = append(some, t)
			}
		}
		if len(some) == 0 {
			return verdict.Reading{}
		}
		return verdict.Reading{Value: of(some), Samples: int64(len(some))}
	}}
}

// counting is how many of some tasks are of a kind.
func counting(name string, which, kind func(record) bool) tally {
	return overTasks(name, which, func(ts []record) float64 {
		n := 0
		for _, t := range ts {
			if kind(t) {
				n++
			}
		}
		return float64(n)
	})
}

// callsPerTask is how often the API was called for each task that the queue knows.
func callsPerTask() tally {
	about := verdict.Descriptor{Name: mailAPI + ".calls_per_task", Unit: result.UnitFraction, Timed: true, About: "calls at the API for each task that the queue knows"}
	return tally{about, func(e evidence, _ verdict.Window) verdict.Reading {
		stored := 0
		for _, t := range e.tasks {
			if t.stored {
				stored++
			}
		}
		if stored == 0 {
			return verdict.Reading{}
		}
		return verdict.Reading{Value: float64(e.calls) / float64(stored), Samples: int64(e.calls)}
	}}
}

// delay is a quantile of how long mails took, of the tasks that were due in the
// window, with the samples that it needs.
func delay(mailing, name string, q float64, need int64) tally {
	about := verdict.Descriptor{
		Name: mailing + ".delay." + name, Unit: result.UnitMS, Timed: true, MinSamples: need,
		About: "from when a task was due to be taken on until its mail was sent",
	}
	return tally{about, func(e evidence, w verdict.Window) verdict.Reading {
		var took []time.Duration
		for _, t := range e.tasks {
			if t.mailing == mailing && t.accepted && t.served == len(t.to) && t.due >= w.From && t.due < w.To {
				took = append(took, t.at-t.due)
			}
		}
		if len(took) == 0 {
			return verdict.Reading{}
		}
		return verdict.Reading{Value: milliseconds(quantile(took, q)), Samples: int64(len(took))}
	}}
}

// quantile is the q-th part of some durations, in their order.
func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
