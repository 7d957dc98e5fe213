package task

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// taskRecord is what both sides say of one task.
type taskRecord struct {
	mailing  string
	n        int64
	accepted bool          // its request was answered 202, as the generator saw it
	due      time.Duration // when the request was, on the scenario's clock
	queued                 // what the queue says
	stored   bool          // the queue knows it
	to       []string
	served   int           // recipients that got the mail, as the API saw it
	at       time.Duration // when the last of them did first, on the scenario's clock
}

// unserved are the recipients that there are and that got no mail.
func (t taskRecord) unserved() int {
	n := 0
	for _, to := range t.to {
		if deliverable(to) {
			n++
		}
	}
	return n - t.served
}

// queued is a task as the queue has it.
type queued struct {
	state    string // River's
	attempts int
	class    string // of the latest error
}

// over says whether nothing more happens to it.
func (q queued) over() bool { return q.state == "completed" || q.failed() }

// failed says whether it was given up.
func (q queued) failed() bool { return q.state == "cancelled" || q.state == "discarded" }

// queue reads the whole queue, by what each task is known by: the project that
// it is about, or its first recipient.
func queue(ctx context.Context, dsn string) (map[string]queued, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, `SELECT coalesce(args->>'project_id', args->'messages'->0->>'to'), state::text,
		attempt + coalesce((metadata->>'uncounted')::int, 0), coalesce(metadata->>'error_class', '') FROM river_job`)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	all := map[string]queued{}
	var key string
	var q queued
	if _, err := pgx.ForEachRow(rows, []any{&key, &q.state, &q.attempts, &q.class}, func() error {
		all[key] = q
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return all, nil
}

// settled says whether nothing in the queue waits or runs.
func settled(ctx context.Context, o harness.State) (bool, error) {
	conn, err := pgx.Connect(ctx, o.DSN)
	if err != nil {
		return false, fmt.Errorf("look at the queue: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var busy bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded'))`).Scan(&busy)
	if err != nil {
		return false, fmt.Errorf("look at the queue: %w", err)
	}
	return !busy, nil
}

// account matches every task's request with what the queue and the API say of
// it, and keeps that at the API's stand.
func account(ctx context.Context, o harness.State, mailings []mailing) (result.Ledger, error) {
	inQueue, err := queue(ctx, o.DSN)
	if err != nil {
		return result.Ledger{}, err
	}
	stand := o.Fakes[mailAPI].(*mailAdapter)
	j := stand.Journal()
	zero := o.Start.Sub(j.Start())
	served := map[string]time.Duration{} // when first
	for _, a := range j.Acceptances() {
		if _, again := served[a.Recipient]; !again {
			served[a.Recipient] = a.At - zero
		}
	}
	stand.tasks = nil
	for _, m := range mailings {
		stream, ok := o.Stream(m.name)
		if !ok {
			return result.Ledger{}, fmt.Errorf("there is no stream %s to account for", m.name)
		}
		for n := range load.Planned(m.profile) {
			t := taskRecord{mailing: m.name, n: n, accepted: stream.Answered(n), to: m.recipients(n)}
			due, _ := m.profile.Due(n)
			t.due = m.startAt + due
			t.queued, t.stored = inQueue[m.key(n)]
			for _, to := range t.to {
				if at, ok := served[to]; ok {
					t.served++
					t.at = max(t.at, at)
				}
			}
			stand.tasks = append(stand.tasks, t)
		}
	}
	ledger := balance(stand.tasks)
	ledger.Duplicated = int64(len(j.Duplicates()))
	return ledger, nil
}

// balance adds up the tasks that were taken on. Each is in one column: delivered
// if all of its mails were; else failed, if the queue says so; else lost.
func balance(tasks []taskRecord) result.Ledger {
	l := result.Ledger{Attempts: map[string]int64{}}
	for _, t := range tasks {
		if !t.accepted {
			continue
		}
		l.Accepted++
		if t.stored {
			l.Attempts[strconv.Itoa(t.attempts)]++
		}
		switch {
		case t.served == len(t.to):
			l.Delivered++
		case t.state == "cancelled":
			l.FailedPermanent++
		case t.state == "discarded":
			l.FailedExhausted++
		default:
			l.Lost++
		}
	}
	return l
}

// taskMeasures are what the account says:
//
//	tasks.attempts.max, .min   by the queue's own count, of the tasks taken on
//	tasks.unfinished           tasks that the queue still has to do at the end
//	tasks.stored_unheard       tasks that the queue knows and that were not answered 202;
//	                           without any there is no sample
//	tasks.unserved             recipients of tasks taken on that got no mail
//	MAILING.delay.p50, .p90, .p99, .max  from when the request was due to when the
//	                           API had the mail, of the delivered ones
//	MAILING.failed_tasks       tasks taken on that the queue gave up; .unfailed_tasks, that it did not
func taskMeasures(mailings []mailing) []harness.Measure {
	accepted := func(t taskRecord) bool { return t.accepted && t.stored }
	all := []harness.Measure{
		overTasks("tasks.attempts.max", accepted, func(ts []taskRecord) float64 {
			return float64(slices.MaxFunc(ts, byAttempts).attempts)
		}),
		overTasks("tasks.attempts.min", accepted, func(ts []taskRecord) float64 {
			return float64(slices.MinFunc(ts, byAttempts).attempts)
		}),
		overTasks("tasks.unfinished", func(t taskRecord) bool { return t.stored }, func(ts []taskRecord) float64 {
			return counting(ts, func(t taskRecord) int { return toInt(!t.over()) })
		}),
		overTasks("tasks.unserved", func(t taskRecord) bool { return t.accepted }, func(ts []taskRecord) float64 {
			return counting(ts, taskRecord.unserved)
		}),
	}
	all = append(all, overTasks("tasks.stored_unheard", func(t taskRecord) bool { return t.stored && !t.accepted },
		func(ts []taskRecord) float64 { return float64(len(ts)) }))
	for _, m := range mailings {
		own := func(t taskRecord) bool { return t.mailing == m.name && t.accepted }
		all = append(all, overTasks(m.name+".failed_tasks", own, func(ts []taskRecord) float64 {
			return counting(ts, func(t taskRecord) int { return toInt(t.failed()) })
		}), overTasks(m.name+".unfailed_tasks", own, func(ts []taskRecord) float64 {
			return counting(ts, func(t taskRecord) int { return toInt(!t.failed()) })
		}))
		for _, name := range slices.Sorted(maps.Keys(delays)) {
			all = append(all, delay(m.name, name))
		}
	}
	return all
}

func byAttempts(a, b taskRecord) int { return a.attempts - b.attempts }

func toInt(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func counting(tasks []taskRecord, of func(taskRecord) int) float64 {
	n := 0
	for _, t := range tasks {
		n += of(t)
	}
	return float64(n)
}

// overTasks is a number over some of the tasks, whenever their requests were due.
func overTasks(name string, which func(taskRecord) bool, of func([]taskRecord) float64) harness.Measure {
	return harness.Measure{
		Descriptor: verdict.Descriptor{Name: name, Unit: result.UnitCount},
		Read: func(o harness.State, _ verdict.Window) verdict.Reading {
			var some []taskRecord
			for _, t := range o.Fakes[mailAPI].(*mailAdapter).tasks {
				if which(t) {
					some = append(some, t)
				}
			}
			if len(some) == 0 {
				return verdict.Reading{}
			}
			return verdict.Reading{Value: of(some), Samples: int64(len(some))}
		},
	}
}

// delays are the quantiles of a mailing's delay, each with the samples that it needs.
var delays = map[string]struct {
	q    float64
	need int64
}{"p50": {0.5, 1}, "p90": {0.9, 10}, "p99": {0.99, 100}, "max": {1, 1}}

// delay is a quantile of how long mails took, of the tasks that were due in the window.
func delay(mailing, name string) harness.Measure {
	which := delays[name]
	return harness.Measure{
		Descriptor: verdict.Descriptor{
			Name: mailing + ".delay." + name, Unit: result.UnitMS, Timed: true, MinSamples: which.need,
			About: "from when a task was due to be taken on until its mail was sent",
		},
		Read: func(o harness.State, w verdict.Window) verdict.Reading {
			var took []time.Duration
			for _, t := range o.Fakes[mailAPI].(*mailAdapter).tasks {
				if t.mailing == mailing && t.accepted && t.served == len(t.to) && t.due >= w.From && t.due < w.To {
					took = append(took, t.at-t.due)
				}
			}
			if len(took) == 0 {
				return verdict.Reading{}
			}
			return verdict.Reading{Value: milliseconds(quantile(took, which.q)), Samples: int64(len(took))}
		},
	}
}
