package task

import (
	"context"
	"fmt"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// twoInstances is a rolling deploy under load: of two instances one is killed, and when
// it is back the other is asked to stop. Before, between and after both live, for longer
// than the silence after which one is taken for dead.
func twoInstances(p profile.Profile, s *service) harness.Scenario {
	t := harness.Timeline{Baseline: max(p.Phase/2, 800*time.Millisecond), Inject: max(p.Phase, 1200*time.Millisecond), Heal: p.Phase * 4 / 10}
	s.untellable("two instances of the whole service, of which one is killed")
	s.compress(compressedCountdown)
	return s.withMail(harness.Scenario{
		Name:      "task/two-instances",
		Claim:     "Of two instances one is killed and the other stopped, in turn and under load: neither takes a task that the other is at, nothing is lost or doubled, and both tell the same.",
		Instances: 2,
		Needs:     harness.Needs{Sessions: 30}, // those of the one that begins again must be there before the other is asked to stop
		Timeline:  profile.WithDrain(t, 10*time.Second),
		Faults: []harness.Fault{
			{ID: "killed", On: harness.OnInstance(2), Kind: fault.Kill{}},
			{ID: "stopped", On: harness.OnTarget, Kind: fault.Terminate{}, After: t.Inject * 6 / 10},
			adapter.Always("slow", s.Far, "delay 200ms"), // so that each has tasks in hand
		},
		Checks: []verdict.Check{
			verdict.Metric("tasks.again").AtMost(verdict.Count(int64(2 * s.Workers))).AsPrimary().Because("only those are tried again that the killed one had in hand: an instance that lives keeps its own"),
			verdict.Metric("tasks.attempts.max").AtMost(verdict.Count(2)).Because("only one instance was killed"),
			verdict.Metric(s.far("abandoned")).Between(verdict.Count(1), verdict.Count(2*int64(s.Workers))).Because("one must have been killed in the middle of its calls, and the other ended them").OrNotExercised(),
			nothing("ledger.failed_permanent"), nothing("ledger.failed_exhausted"),
			nothing("mail.errors.refused").Because("there is always one that is ready"), nothing("mail.errors.shed_by_target"),
			verdict.Metric("mail.ok_ratio").AtLeast(verdict.Percent(95)).Because("no more is broken off than what the killed one had been asked just then"),
		},
	}, emailapi.Config{},
		steady("mail", 80, t.Total()).counted(again()), steady("notify", 30, t.Total()).about(1))
}

// slowStop asks one of two instances to stop while its calls take longer than the silence
// after which a worker is taken for dead.
func slowStop(p profile.Profile, s *service) harness.Scenario {
	const silence, call = time.Second, 2 * time.Second
	t := p.Outage()
	s.untellable("two instances of the whole service, of which one is stopped")
	s.compress(compressedCountdown)
	s.rescue(silence)
	s.bound(contract.Drain, 2*call)
	return s.withMail(harness.Scenario{
		Name:      "task/slow-stop",
		Claim:     "While one of two instances is stopping, for longer than the silence after which a worker is taken for dead, the other leaves alone what it has in hand.",
		Instances: 2,
		Timeline:  profile.WithDrain(t, 10*time.Second),
		Faults: []harness.Fault{
			{ID: "stopped", On: harness.OnTarget, Kind: fault.Terminate{}, After: t.Inject / 2},
			adapter.Always("slow", s.Far, "delay "+call.String()),
		},
		Checks: []verdict.Check{
			nothing("tasks.again").AsPrimary().Because("who is stopping lives: its tasks are its own"), nothing(s.far("abandoned")).Because("what is under way ends"),
			verdict.Metric(s.far("call.max")).AtLeast(verdict.Duration(call)).Because("a call must have outlasted the silence").OrNotExercised(),
			nothing("ledger.failed_permanent"), nothing("ledger.failed_exhausted"),
		},
	}, emailapi.Config{}, steady("mail", 12, t.Total()).counted(again()))
}

// outageOfTwo cuts both of two instances off from the database for longer than the silence
// after which a worker is taken for dead, while both have tasks in hand.
func outageOfTwo(p profile.Profile, s *service) harness.Scenario {
	const silence, outage, call = 600 * time.Millisecond, 1500 * time.Millisecond, 3 * time.Second
	t := harness.Timeline{Baseline: p.Phase / 2, Inject: outage, Heal: silence}
	s.untellable("two instances of the whole service, both without their database")
	s.database()
	s.compress(compressedCountdown)
	s.rescue(silence)
	return s.withMail(harness.Scenario{
		Name:      "task/outage-of-two",
		Claim:     "When the database comes back, the first of two instances that has it again leaves alone what the other has in hand: it could give no sign of life either.",
		Instances: 2,
		Timeline:  profile.WithDrain(t, 10*time.Second),
		Faults: []harness.Fault{
			{ID: "gone", On: harness.OnDatabase, Kind: fault.Reset{}},
			adapter.Always("slow", s.Far, "delay "+call.String()),
		},
		Checks: []verdict.Check{
			nothing("tasks.again").AsPrimary().Because("both live: the tasks of each are its own"),
			verdict.Metric(s.far("call.max")).AtLeast(verdict.Duration(outage + 2*silence)).Because("a call must have outlasted the outage").OrNotExercised(),
			nothing("ledger.failed_permanent"), nothing("ledger.failed_exhausted"),
		},
		// None is being fetched any more when the database goes.
	}, emailapi.Config{}, steady("mail", 40, t.Baseline/2).counted(again()))
}

// again counts the tasks that had more than one attempt.
func again() tally {
	return inTime(counting("tasks.again", func(t record) bool { return t.accepted && t.told }, func(t record) bool { return t.Attempts > 1 }))
}

// mostCompared bounds the tasks about which each instance is asked.
const mostCompared = 500

// agreeFinding holds what the other instances say, when all is over, against what the
// first one said.
func agreeFinding(ctx context.Context, o harness.State, of *contract.Tasks, records []record, last *contract.Counts, curl func(load.Request) string) standing.Finding {
	found := standing.Finding{Check: "task-instances", About: "each instance says the same of a task and of the queue when all is over"}
	var ids []string
	first := map[string]contract.Status{}
	for _, r := range records {
		if r.told && r.Over() && len(ids) < mostCompared {
			ids = append(ids, r.id)
			first[r.id] = r.Status
		}
	}
	for n, url := range o.Targets[min(1, len(o.Targets)):] {
		o.Target = url
		v := newVisitor(o, of)
		replies := askAll(ctx, v, ids)
		count := lastCount(ctx, v)
		v.close()
		for _, id := range ids {
			found.Looked++
			if what := differs(of, id, first[id], replies[id]); what != "" {
				found.Add(standing.Example{At: -1, What: fmt.Sprintf("task %s: %s says %s", id, harness.OnInstance(n+2), what), Repeat: standing.Curl(url, of.Status(id))})
			}
		}
		if last != nil && last.Busy() == 0 {
			found.Looked++
			if count == nil || *count != *last {
				found.Add(standing.Example{At: -1, What: harness.OnInstance(n+2) + " counts another queue", Repeat: curl(of.Queue)})
			}
		}
	}
	return found
}

// differs says what is different in another instance's answer, empty for nothing.
func differs(of *contract.Tasks, id string, want contract.Status, got reply) string {
	if got.err != nil || !ok(got.code) {
		return fmt.Sprintf("nothing of it (%d)", got.code)
	}
	s, err := of.ReadStatus(id, got.body)
	switch {
	case err != nil:
		return err.Error()
	case s != want:
		return fmt.Sprintf("it is %s, the first said %s", s, want)
	}
	return ""
}
