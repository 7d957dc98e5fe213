package task

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
)

// books are what a scenario's tasks are reconciled by.
type books struct {
	mailings []mailing
	metrics  []tally
	fates    fates
	pace     pace
}

// reconcile holds what the generator was answered against what the target says of its
// tasks, by the contract's own routes, and both against what the API saw: the ledger, a
// reading of each metric, and what was not as it should be.
func (b books) reconcile(ctx context.Context, o harness.State) (harness.Reconciliation, error) {
	api, ok := adapter.MailOf(o, mailAPI)
	if !ok {
		return harness.Reconciliation{}, fmt.Errorf("reconcile the tasks: nobody plays %s", mailAPI)
	}
	records, owners, err := b.records(ctx, o)
	if err != nil {
		return harness.Reconciliation{}, fmt.Errorf("reconcile the tasks: %w", err)
	}
	v := newVisitor(o)
	defer v.close()
	seen := companionOf(o)
	zero := o.Start.Sub(api.Journal().Start())
	asked, left := api.Asked()
	calls := joined(asked, api.Journal(), zero)
	d := newDirectory(records)
	d.attribute(calls)
	tooMany := d.deliver(api.Journal().Acceptances(), byEntry(calls), zero)

	replies := askAll(ctx, v, whomToAsk(records))

	r := harness.Reconciliation{Readings: map[string]func(verdict.Window) verdict.Reading{}}
	curl := func(path string) string { return standing.Curl(o.Target, load.Request{Path: path}) }
	r.Findings = append(r.Findings, answersFinding(records, replies, curl)) // reads what is told, too
	both := evidence{tasks: records, calls: len(calls), paces: b.pace.all(records)}
	r.Ledger = balance(records)
	r.Ledger.Duplicated = int64(len(tooMany))
	for _, m := range b.metrics {
		r.Readings[m.Name] = func(w verdict.Window) verdict.Reading { return m.read(both, w) }
	}
	mails, sent := mailsFinding(d, calls), callsFinding(d, calls, api.Keys(), b.fates.teller)
	if left > 0 {
		why := fmt.Sprintf("there were %d calls more than can be kept", left)
		mails, sent = unseen(mails, why), unseen(sent, why)
	}
	r.Findings = append(r.Findings, mails, sent)
	last := lastCount(ctx, v)
	if left == 0 {
		r.Findings = append(r.Findings, b.fates.finding(records, curl), b.fates.glimpsesFinding(byName(records), seen.glimpses, curl))
	}
	r.Findings = append(r.Findings, b.fates.queueFinding(records, seen.counts, seen.stalls, last, curl))
	if len(o.Targets) > 1 {
		r.Findings = append(r.Findings, agreeFinding(ctx, o, records, last, curl))
	}
	if b.fates.exact {
		if page := patiently(ctx, v, "/metrics"); page.err == nil && page.code == http.StatusOK {
			r.Findings = append(r.Findings, countersFinding(records, page.body, curl))
		}
	}
	rows, err := rowsFinding(ctx, o.DSN, records, curl)
	if err != nil {
		return harness.Reconciliation{}, fmt.Errorf("reconcile the tasks: %w", err)
	}
	r.Findings = append(r.Findings, rows)
	b.shrink(ctx, &shrinker{api: api, target: v, owners: owners}, d, r.Findings)
	return r, nil
}

// shrink puts the smallest task with which something is wrong before what was found of
// mails, or else of what became of tasks.
func (b books) shrink(ctx context.Context, s *shrinker, d *directory, findings []standing.Finding) {
	one := suspect(d.records, d)
	if one == nil || !b.fates.exact {
		return
	}
	e, ok := s.example(ctx, one.task())
	if !ok {
		return
	}
	for i := range findings {
		if f := &findings[i]; f.Broken > 0 && (f.Check == "task-mails" || f.Check == "task-fates") {
			f.Examples = append([]standing.Example{e}, f.Examples...)
			return
		}
	}
}

// unseen is a finding that cannot be told; what was found of it stays.
func unseen(f standing.Finding, why string) standing.Finding {
	if f.Broken == 0 {
		f.Looked, f.Unseen = 0, why
	}
	return f
}

// lastCount is what the target says of its queue when all is over, nil for nothing.
func lastCount(ctx context.Context, v visitor) *counts {
	r := patiently(ctx, v, "/tasks/queue")
	c, err := readCounts(r.body)
	if r.err != nil || r.code != http.StatusOK || err != nil {
		return nil // said by those who asked while there was load
	}
	return &c
}

// answersFinding is whether each task that was answered 202 has an id of its own, and
// is known by it when all is over. It notes what is told.
func answersFinding(records []record, replies map[string]reply, curl func(string) string) standing.Finding {
	found := standing.Finding{Check: "task-known", About: "each task that was answered 202 has an id of its own and is known by it when all is over"}
	given := map[string]bool{}
	for i := range records {
		r := &records[i]
		if !r.accepted {
			continue
		}
		found.Looked++
		reply, asked := replies[r.id]
		s, err := readStatus(r.id, reply.body)
		what := ""
		switch {
		case r.id == "":
			what = "the answer has no id"
		case given[r.id]:
			what = "its id was given to another task before"
		case !asked:
		case reply.err != nil:
			what = "there is no answer about it"
		case reply.code != http.StatusOK:
			what = fmt.Sprintf("it was answered 202, and when all is over %d", reply.code)
		case err != nil:
			what = err.Error()
		}
		given[r.id] = true
		if asked && reply.code == http.StatusOK {
			r.status, r.told = s, s.state != ""
		}
		if what != "" {
			found.Add(standing.Example{At: r.due, What: fmt.Sprintf("task %s (%s %d): %s", r.id, r.mailing, r.n, what), Repeat: curl("/tasks/" + r.id)})
		}
	}
	return found
}

// records are all tasks as they were asked for and answered.
func (b books) records(ctx context.Context, o harness.State) (all []record, owners map[int64]string, err error) {
	asked := make([][]task, len(b.mailings))
	for i, m := range b.mailings {
		if asked[i], err = m.asked(o.Seed); err != nil {
			return nil, nil, err
		}
	}
	owners, err = readOwners(ctx, o, asked)
	if err != nil {
		return nil, nil, err
	}
	given := companionOf(o).given()
	for i, m := range b.mailings {
		stream, ok := o.Stream(m.name)
		if !ok {
			return nil, nil, fmt.Errorf("there is no stream %s", m.name)
		}
		for n, t := range asked[i] {
			due, _ := m.profile.Due(int64(n))
			r := record{mailing: m.name, n: int64(n), kind: t.Kind, due: m.startAt + due, wants: t.wants(owners), accepted: stream.Answered(int64(n))}
			if got, ok := given[taskName{m.name, int64(n)}]; ok {
				r.id, r.due, r.heard = got.id, got.due, got.at // the load may have been slowed down for the machine
			}
			all = append(all, r)
		}
	}
	return all, owners, nil
}

// whomToAsk are the tasks that the target is asked about when all is over: all, but of
// very many whose mails were sent an even part.
func whomToAsk(records []record) []string {
	var ids, more []string
	for _, r := range records {
		switch {
		case !r.accepted || r.id == "":
		case r.complete():
			more = append(more, r.id)
		default:
			ids = append(ids, r.id)
		}
	}
	every := len(more)/mostAsked + 1
	for i := 0; i < len(more); i += every {
		ids = append(ids, more[i])
	}
	return ids
}

func byName(records []record) map[taskName]record {
	all := make(map[taskName]record, len(records))
	for _, r := range records {
		all[taskName{r.mailing, r.n}] = r
	}
	return all
}

func byEntry(calls []call) map[int]call {
	all := make(map[int]call, len(calls))
	for _, c := range calls {
		all[c.seen.N] = c
	}
	return all
}

// balance adds up the tasks that were taken on. Each is in one column: delivered
// if all of its mails were; else failed or still to be done, if the target says so;
// else lost.
func balance(tasks []record) result.Ledger {
	l := result.Ledger{Attempts: map[string]int64{}}
	for _, t := range tasks {
		if !t.accepted {
			continue
		}
		l.Accepted++
		if t.told {
			l.Attempts[strconv.Itoa(t.attempts)]++
		}
		switch {
		case t.complete():
			l.Delivered++
		case t.failed() && t.class == permanent:
			l.FailedPermanent++
		case t.failed():
			l.FailedExhausted++
		case t.told && !t.over():
			l.Unfinished++
		default:
			l.Lost++
		}
	}
	return l
}
