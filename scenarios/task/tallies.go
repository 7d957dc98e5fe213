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
	calls int    // at the e-mail API, over the whole scenario
	paces []wait // between attempts
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
//	tasks.attempts.max, .min   by the target's own count, of the tasks taken on; where it
//	                           tells none, as the far side saw them
//	tasks.unfinished           tasks taken on that are not done at the end, as the target tells
//	tasks.stored_unheard       tasks that were not taken on, and whose mails were asked for;
//	                           without any there is no sample
//	tasks.unserved             recipients of tasks taken on that got no mail
//	tasks.too_early, .too_late attempts that came before they may, and much later
//	tasks.waits.short          share of the last waits that were shorter than their countdown without its spread
//	FAR.calls_per_task         calls at the API for each task that is known
//	MAILING.delay.p50, .p90, .p95, .p99, .max  from when the request was due to when the
//	                           API had the mail, of the delivered ones
//	MAILING.failed_tasks       tasks taken on that the queue gave up; .unfailed_tasks, that it did not
//
// and those of a mailing's own.
func tallies(mailings []mailing, attempts int, far string) []tally {
	taken := func(t record) bool { return t.accepted && t.told }
	all := []tally{
		overTasks("tasks.attempts.max", taken, mostAttempts),
		inTime(overTasks("tasks.attempts.min", taken, func(ts []record) float64 { return float64(slices.MinFunc(ts, byAttempts).Attempts) })),
		inTime(counting("tasks.unfinished", taken, func(t record) bool { return !t.Over() })),
		inTime(overTasks("tasks.unserved", func(t record) bool { return t.accepted }, func(ts []record) float64 {
			n := 0
			for _, t := range ts {
				n += t.unserved()
			}
			return float64(n)
		})),
		counting("tasks.stored_unheard", func(t record) bool { return t.stored() && !t.accepted }, func(record) bool { return true }),
		callsPerTask(far),
		byClock(overWaits("tasks.too_early", false, wait.early)),
		shortWaits(attempts),
		overWaits("tasks.too_late", true, func(w wait) bool { return w.fromEnd > w.most+mostLate }),
	}
	for _, m := range mailings {
		own := func(t record) bool { return t.mailing == m.name && t.accepted }
		all = append(all,
			inTime(counting(m.name+".failed_tasks", own, func(t record) bool { return t.failed() })),
			inTime(counting(m.name+".unfailed_tasks", own, func(t record) bool { return !t.failed() })),
			delay(m.name, "p50", 0.5, 1), delay(m.name, "p90", 0.9, 10), delay(m.name, "p95", 0.95, 20), delay(m.name, "p99", 0.99, 100), delay(m.name, "max", 1, 1))
		all = append(all, m.also...)
	}
	return all
}

func mostAttempts(ts []record) float64 { return float64(slices.MaxFunc(ts, byAttempts).Attempts) }

// attemptsOf is how often a task of a mailing was tried, at most.
func attemptsOf(mailing string) tally {
	return overTasks(mailing+".attempts.max", func(t record) bool { return t.mailing == mailing && t.told }, mostAttempts)
}

func byAttempts(a, b record) int { return a.Attempts - b.Attempts }

// inTime marks a tally as one that can be missed for want of time alone: a call that
// is given up too often is made no more, and its task fails or is still to be done.
// What is lost or doubled is not of that kind, nor an attempt too many.
func inTime(t tally) tally { t.Timed = true; return t }

// byClock marks what is decided by a time of day, as when a task is due.
func byClock(t tally) tally { t.ByClock = true; return t }

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

// mostLate is how much later than its countdown an attempt may come: the target looks
// for what is due now and then, and a worker must be free.
const mostLate = time.Second

// overWaits counts the waits between attempts of which something is true. Where
// nothing was tried again, none is.
func overWaits(name string, timed bool, which func(wait) bool) tally {
	about := verdict.Descriptor{Name: name, Unit: result.UnitCount, Timed: timed, About: "attempts that came at another time than their countdown and Retry-After say"}
	return tally{about, func(e evidence, _ verdict.Window) verdict.Reading {
		r := verdict.Reading{Samples: int64(max(len(e.paces), min(e.calls, 1)))}
		for _, w := range e.paces {
			if which(w) {
				r.Value++
			}
		}
		return r
	}}
}

// shortWaits is the share of the waits before the last attempt that were shorter than
// their countdown would be without its spread: the target's own moments only add.
func shortWaits(attempts int) tally {
	about := verdict.Descriptor{Name: "tasks.waits.short", Unit: result.UnitRatio, Timed: true, MinSamples: 20, About: "of the waits before a last attempt, those that were shorter than the countdown without its spread"}
	return tally{about, func(e evidence, _ verdict.Window) verdict.Reading {
		var r verdict.Reading
		for _, w := range e.paces {
			if w.attempt != attempts-1 {
				continue
			}
			r.Samples++
			if w.fromEnd < w.middle {
				r.Value++
			}
		}
		if r.Samples > 0 {
			r.Value /= float64(r.Samples)
		}
		return r
	}}
}

// callsPerTask is how often the API was called for each task that is known.
func callsPerTask(far string) tally {
	about := verdict.Descriptor{Name: far + ".calls_per_task", Unit: result.UnitFraction, Timed: true, About: "calls at the API for each task that is known"}
	return tally{about, func(e evidence, _ verdict.Window) verdict.Reading {
		stored := 0
		for _, t := range e.tasks {
			if t.stored() {
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
			if t.mailing == mailing && t.accepted && t.complete() && t.due >= w.From && t.due < w.To {
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
