package task

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// record is what both sides say of one task.
type record struct {
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
func (r record) unserved() int {
	n := 0
	for _, to := range r.to {
		if deliverable(to) {
			n++
		}
	}
	return n - r.served
}

// reconcile holds what the generator was answered against what the queue and the
// API have: the ledger, and a reading of each metric.
func reconcile(ctx context.Context, o harness.State, mailings []mailing, metrics []tally) (harness.Reconciliation, error) {
	inQueue, err := readQueue(ctx, o.DSN)
	if err != nil {
		return harness.Reconciliation{}, err
	}
	j, ok := adapter.JournalOf(o, mailAPI)
	if !ok {
		return harness.Reconciliation{}, fmt.Errorf("reconcile the tasks: nobody plays %s", mailAPI)
	}
	served := firstServed(j.Acceptances(), o.Start.Sub(j.Start()))
	both := evidence{calls: j.Count(journal.Filter{})}
	for _, m := range mailings {
		stream, ok := o.Stream(m.name)
		if !ok {
			return harness.Reconciliation{}, fmt.Errorf("reconcile the tasks: there is no stream %s", m.name)
		}
		both.tasks = append(both.tasks, m.match(stream.Answered, inQueue, served)...)
	}
	r := harness.Reconciliation{Ledger: balance(both.tasks), Readings: map[string]func(verdict.Window) verdict.Reading{}}
	r.Ledger.Duplicated = int64(len(j.Duplicates()))
	for _, m := range metrics {
		r.Readings[m.Name] = func(w verdict.Window) verdict.Reading { return m.read(both, w) }
	}
	return r, nil
}

// firstServed is when each recipient first got mail, on the scenario's clock,
// whose zero is that long after the journal's.
func firstServed(all []journal.Acceptance, zero time.Duration) map[string]time.Duration {
	first := map[string]time.Duration{}
	for _, a := range all {
		if _, again := first[a.Recipient]; !again {
			first[a.Recipient] = a.At - zero
		}
	}
	return first
}

// match finds each task of the mailing on both sides.
func (m mailing) match(answered func(n int64) bool, inQueue map[string]queued, served map[string]time.Duration) []record {
	all := make([]record, 0, load.Planned(m.profile))
	for n := range load.Planned(m.profile) {
		r := record{mailing: m.name, n: n, accepted: answered(n), to: m.recipients(n)}
		due, _ := m.profile.Due(n)
		r.due = m.startAt + due
		r.queued, r.stored = inQueue[m.key(n)]
		for _, to := range r.to {
			if at, ok := served[to]; ok {
				r.served++
				r.at = max(r.at, at)
			}
		}
		all = append(all, r)
	}
	return all
}

// balance adds up the tasks that were taken on. Each is in one column: delivered
// if all of its mails were; else failed, if the queue says so; else lost.
func balance(tasks []record) result.Ledger {
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
