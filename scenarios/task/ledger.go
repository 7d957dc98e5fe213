package task

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
)

// books are what a scenario's tasks are reconciled by.
type books struct {
	service  *service
	mailings []mailing
	metrics  []tally
	fates    fates
}

// reconcile holds what the generator was answered against what the target says of its
// tasks, by the contract's own routes, and both against what the API saw: the ledger, a
// reading of each metric, and what was not as it should be.
func (b books) reconcile(ctx context.Context, o harness.State) (harness.Reconciliation, error) {
	records, owners, err := b.records(ctx, o)
	if err != nil {
		return harness.Reconciliation{}, fmt.Errorf("reconcile the tasks: %w", err)
	}
	v := newVisitor(o, &b.service.Tasks)
	defer v.close()
	seen := companionOf(o)
	sofar := slices.Clone(records)
	if _, _, _, err := b.matched(o, sofar); err != nil {
		return harness.Reconciliation{}, err
	}
	// Of a target that is not done yet what reached the far side is read last: whatever it
	// says that it has sent must be there by then.
	replies := askAll(ctx, v, whomToAsk(sofar))
	far, d, tooMany, err := b.matched(o, records)
	if err != nil {
		return harness.Reconciliation{}, err
	}
	calls := far.calls

	if err := unmapped(v, replies, seen.glimpses); err != nil {
		return harness.Reconciliation{}, err
	}

	r := harness.Reconciliation{Readings: map[string]func(verdict.Window) verdict.Reading{}}
	curl := func(r load.Request) string { return standing.Curl(o.Target, r) }
	known := answersFinding(&b.service.Tasks, records, replies, curl) // reads what is told, too
	strangerFinding(ctx, v, &known, curl)
	r.Findings = append(r.Findings, known)
	b.fates.complete(records)
	both := evidence{tasks: records, calls: len(calls), paces: b.fates.pace.all(records)}
	r.Ledger = balance(records)
	r.Ledger.Duplicated = int64(len(tooMany))
	for _, m := range b.metrics {
		r.Readings[m.Name] = func(w verdict.Window) verdict.Reading { return m.read(both, w) }
	}
	if far.api != nil {
		r.Findings = append(r.Findings, b.wordByWord(far, d)...)
	}
	last := lastCount(ctx, v)
	if far.left == 0 {
		r.Findings = append(r.Findings, b.fates.finding(records, curl), b.fates.glimpsesFinding(byName(records), seen.glimpses, curl))
	}
	if b.service.MostCounted > 0 {
		r.Findings = append(r.Findings, b.fates.queueFinding(records, seen.counts, seen.stalls, last, curl))
	}
	if len(o.Targets) > 1 {
		r.Findings = append(r.Findings, agreeFinding(ctx, o, &b.service.Tasks, records, last, curl))
	}
	if b.fates.exact {
		if page := patiently(ctx, v, b.service.Counters.Page); page.err == nil && page.code == http.StatusOK {
			r.Findings = append(r.Findings, countersFinding(b.service.Counters, records, page.body, curl))
			if b.service.Counters.Beat != "" {
				r.Findings = append(r.Findings, beatFinding(b.service.Counters, page.body, o.Start, time.Now(), curl))
			}
		}
	}
	if far.api == nil {
		return r, nil
	}
	rows, err := rowsFinding(ctx, o.Data, &b.service.Tasks, records, curl)
	if err != nil {
		return harness.Reconciliation{}, fmt.Errorf("reconcile the tasks: %w", err)
	}
	r.Findings = append(r.Findings, rows)
	b.shrink(ctx, &shrinker{api: far.api, target: v, owners: owners}, d, r.Findings)
	return r, nil
}

// matched gives each task what reached the far side for it by now, and returns that with
// what of it was too many.
func (b books) matched(o harness.State, records []record) (farSide, *directory, []journal.Acceptance, error) {
	far, err := b.service.farSide(o)
	if err != nil {
		return farSide{}, nil, nil, err
	}
	d := newDirectory(records)
	d.attribute(far.calls)
	return far, d, d.deliver(far.taken, byEntry(far.calls), far.zero), nil
}

// unmapped is the first state of a task that nobody told of: what became of the tasks cannot
// be told then. An answer in which nothing can be read is the service's own, and found as such.
func unmapped(v visitor, replies map[string]reply, glimpses []glimpse) error {
	look := func(code int, body []byte) error {
		_, err := v.of.ReadStatus("", body)
		if what, is := errors.AsType[*contract.UnmappedError](err); is && ok(code) {
			return harness.Unmet(fmt.Errorf("the target does not answer as it was told to: %w", what))
		}
		return nil
	}
	for _, r := range replies {
		if err := look(r.code, r.body); err != nil {
			return err
		}
	}
	for _, g := range glimpses {
		if err := look(g.code, g.body); err != nil {
			return err
		}
	}
	return nil
}

// wordByWord holds the mails and the calls for them against what the tasks ask for, and
// how the API is to be called.
func (b books) wordByWord(far farSide, d *directory) []standing.Finding {
	mails, sent := mailsFinding(d, far.calls), callsFinding(d, far.calls, far.api.Keys(), b.fates.pace.teller, b.service.Batch)
	if far.left > 0 {
		why := fmt.Sprintf("there were %d calls more than can be kept", far.left)
		mails, sent = unseen(mails, why), unseen(sent, why)
	}
	return []standing.Finding{mails, sent}
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
func lastCount(ctx context.Context, v visitor) *contract.Counts {
	if v.of.Queue.Path == "" {
		return nil
	}
	r := patiently(ctx, v, v.of.Queue)
	if r.err != nil || !ok(r.code) {
		return nil
	}
	c, err := v.of.ReadCounts(r.body)
	if err != nil {
		return nil // said by those who asked while there was load
	}
	return &c
}

// answersFinding is whether each task that was taken on has an id of its own, and
// is known by it when all is over. It notes what is told.
func answersFinding(of *contract.Tasks, records []record, replies map[string]reply, curl func(load.Request) string) standing.Finding {
	found := standing.Finding{Check: "task-known", About: "each task that was taken on has an id of its own and is known by it when all is over"}
	given := map[string]bool{}
	for i := range records {
		r := &records[i]
		if !r.accepted {
			continue
		}
		found.Looked++
		reply, asked := replies[r.id]
		s, err := of.ReadStatus(r.id, reply.body)
		what := ""
		switch {
		case r.id == "":
			what = "the answer has no id"
		case given[r.id]:
			what = "its id was given to another task before"
		case !asked:
		case reply.err != nil:
			what = "there is no answer about it"
		case !ok(reply.code):
			what = fmt.Sprintf("it was taken on, and when all is over it is answered %d", reply.code)
		case err != nil:
			what = err.Error()
		}
		given[r.id] = true
		if asked && ok(reply.code) {
			r.Status, r.told = s, s.State != ""
		}
		if what != "" {
			found.Add(standing.Example{At: r.due, What: fmt.Sprintf("task %s (%s %d): %s", r.id, r.mailing, r.n, what), Repeat: curl(of.Status(r.id))})
		}
	}
	return found
}

// strangerFinding adds whether a task that never was is not known either.
func strangerFinding(ctx context.Context, v visitor, found *standing.Finding, curl func(load.Request) string) {
	if v.of.NoSuch == "" {
		return
	}
	asked := v.of.Status(v.of.NoSuch)
	r := patiently(ctx, v, asked)
	if r.err != nil {
		return // that the target is there is seen by those who ask about tasks
	}
	found.Looked++
	if r.code != http.StatusNotFound {
		found.Add(standing.Example{At: -1, What: fmt.Sprintf("there is no task %s, and it is answered %d", v.of.NoSuch, r.code), Repeat: curl(asked)})
	}
}

// records are all tasks as they were asked for and answered.
func (b books) records(ctx context.Context, o harness.State) (all []record, owners map[int64]string, err error) {
	asked := make([][]contract.Task, len(b.mailings))
	for i, m := range b.mailings {
		if asked[i], err = b.service.asked(m, o.Seed); err != nil {
			return nil, nil, err
		}
	}
	owners, err = b.service.owners(ctx, o.Data, asked)
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
			wants := wants(t, owners)
			if b.service.OnlyTo {
				wants = bare(wants)
			}
			r := record{mailing: m.name, n: int64(n), kind: t.Kind, due: m.startAt + due, wants: wants, accepted: stream.Answered(int64(n))}
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
			l.Attempts[strconv.Itoa(t.Attempts)]++
		}
		switch {
		case t.complete():
			l.Delivered++
		case t.failed() && t.Class == contract.Permanent:
			l.FailedPermanent++
		case t.failed():
			l.FailedExhausted++
		case t.told && !t.Over():
			l.Unfinished++
		default:
			l.Lost++
		}
	}
	return l
}
