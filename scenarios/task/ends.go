package task

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// killed kills the target while mails are under way that the API has taken on,
// and tasks that were only just answered.
func killed(p profile.Profile, s *service) harness.Scenario {
	t := p.Outage()
	// A target that answers first and writes within a second has written by then.
	const written = 1200 * time.Millisecond
	s.compress(compressedCountdown)
	s.rescue(time.Second)
	return s.withMail(harness.Scenario{
		Name:        "task/killed",
		Claim:       fmt.Sprintf("A target that is killed while it sends, and started again, has lost nothing that it answered %s for%s.", s.Answered, s.once(" and sends nothing twice")),
		Protections: []string{"task.durable-enqueue", "task.rescue-crashed"},
		Timeline:    profile.WithDrain(t, 8*time.Second),
		Drained: func(ctx context.Context, o harness.State) (bool, error) {
			done, err := s.drained(ctx, o)
			return done && time.Since(o.Start) >= t.Total()+written, err
		},
		Faults: []harness.Fault{
			{ID: "kill", On: s.Worker, Kind: fault.Kill{}},
			adapter.Always("slow", s.Far, "delay 100ms"), // the work is done at once, and the answer comes late
		},
		Checks: []verdict.Check{
			nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"),
			verdict.Metric(s.far("abandoned")).AtLeast(verdict.Count(1)).Because("it must have been killed in the middle of a call").OrNotExercised(),
			verdict.Metric("drain.duration").AtMost(verdict.Duration(6 * time.Second)),
		},
	}, emailapi.Config{}, steady("mail", 100, t.Total()), steady("notify", 30, t.Total()).about(1))
}

// killedOften kills the target again and again.
func killedOften(p profile.Profile, s *service) harness.Scenario {
	const kills, sends = 20, 2000
	const every = 1500 * time.Millisecond // time to get up again, and to work
	t := harness.Timeline{Baseline: time.Second, Inject: kills * every, Heal: time.Second, Drain: time.Minute}
	faults := []harness.Fault{adapter.Always("slow", s.Far, "delay uniform min=20ms max=300ms")}
	r := rand.New(rand.NewPCG(profile.DataSeed, kills))
	for i := range kills {
		faults = append(faults, harness.Fault{
			ID: fmt.Sprintf("kill-%d", i+1), On: s.Worker, Kind: fault.Kill{},
			After: time.Duration(i)*every + time.Duration(r.Int64N(int64(every/2))),
		})
	}
	s.compress(compressedCountdown)
	s.rescue(time.Second)
	return s.withMail(harness.Scenario{
		Name:     "task/killed-often",
		Claim:    fmt.Sprintf("%d kills at random moments during %d sends lose nothing%s.", kills, sends, s.once(" and double nothing")),
		Slow:     true,
		Timeline: t,
		Faults:   faults,
		Checks: []verdict.Check{
			nothing("ledger.failed_permanent"),
			verdict.Metric("mail.planned").AtLeast(verdict.Count(sends)).OrNotExercised(),
			verdict.Metric(s.far("abandoned")).AtLeast(verdict.Count(kills)).Because("it must have been killed in the middle of calls").OrNotExercised(),
		},
	}, emailapi.Config{}, mailing{name: "mail", profile: load.Constant(float64(sends)/t.Total().Seconds()*1.01, t.Total())})
}

// stoppedUnderLoad asks whoever does tasks to end, as a deploy does. Where that is who takes
// them on, too, it is while requests are in flight: their way to the database is slow in that
// moment.
func stoppedUnderLoad(p profile.Profile, s *service) harness.Scenario {
	t := p.Outage()
	t.Inject = p.Phase
	s.compress(compressedCountdown)
	sc := harness.Scenario{
		Name:        "task/stopped-under-load",
		Claim:       "A worker that is asked to stop under load lets its calls end, and its successor does the rest: nothing is lost or doubled.",
		Protections: []string{"task.drain-on-stop"},
		Timeline:    profile.WithDrain(t, 10*time.Second),
		Faults:      []harness.Fault{{ID: "stop", On: s.Worker, Kind: fault.Terminate{}, After: stopAfter}, adapter.Always("slow", s.Far, "delay 200ms")},
		Checks: []verdict.Check{
			nothing(s.far("abandoned")).Because("who is asked to stop ends what is under way").Guarding("task.drain-on-stop"),
			verdict.Metric(s.far("attempts.max")).Equals(verdict.Count(1)).Because("and so nothing is done again").Guarding("task.drain-on-stop"),
			nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"),
		},
	}
	mailings := []mailing{steady("mail", 60, t.Total())}
	if !s.Apart {
		mailings = append(mailings, s.inFlight(&sc, t.Start(result.Inject)+10*time.Millisecond))
	}
	return s.withMail(sc, emailapi.Config{}, mailings...)
}

// stoppedWhileStuck asks whoever does tasks to end while none of its calls will.
func stoppedWhileStuck(p profile.Profile, s *service) harness.Scenario {
	t := p.Outage()
	t.Inject = max(t.Inject, 2*stopAfter+cutAfter)
	s.compress(briefCountdown)
	s.bound(contract.Drain, cutAfter)
	faults := []harness.Fault{{ID: "stop", On: s.Worker, Kind: fault.Terminate{}, After: stopAfter}, adapter.Misbehave("hang", s.Far, "hang headers")}
	if s.StopUncounted { // so it has all of its attempts left, and only the last of them is well
		faults = append(faults, adapter.Always("again", s.Far, fmt.Sprintf("ok -> %d*503 -> ok", s.Retries)))
	}
	return s.withMail(harness.Scenario{
		Name:     "task/stopped-while-stuck",
		Claim:    "A worker that is asked to stop while the API answers nothing cuts its calls when its time is over; what it had in hand is neither lost nor taken for done, and its successor does it.",
		Timeline: profile.WithDrain(t, 10*time.Second),
		Faults:   faults,
		Checks: []verdict.Check{
			nothing("ledger.failed_exhausted").Because("a stop costs a task none of its attempts"), nothing("ledger.failed_permanent"),
			verdict.Metric(s.far("abandoned")).AtLeast(verdict.Count(1)).Because("nobody answers, and its time is over before anybody does"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()))
}

// cutAfter is how long tasks in hand may take to end, of which none will.
const cutAfter = 500 * time.Millisecond

// stopAfter is how long after the injection begins a target is asked to stop, so late that a
// request which is in flight by then has been taken on.
const stopAfter = 400 * time.Millisecond

// inFlight has a scenario ask for tasks and for the queue from then on, so that the requests
// are in flight when the target is asked to stop.
func (s *service) inFlight(sc *harness.Scenario, from time.Duration) mailing {
	const slow = stopAfter + 20*time.Millisecond
	s.database()
	s.refusal()
	s.counts()
	const asking = 50 * time.Millisecond
	posting := steady("posting", 200, asking)
	posting.startAt = from
	sc.Claim = "A target that is asked to stop under load lets its calls end, and its successor does the rest: nothing is cut, lost or doubled."
	sc.Faults = slices.Insert(sc.Faults, 1, harness.Fault{ID: "slow-database", On: harness.OnDatabase, Kind: fault.After(slow), For: stopAfter + 2*slow})
	sc.Load = []load.Stream{s.counting("looking", posting)}
	sc.Checks = append([]verdict.Check{
		nothing("posting.cut").Because("what a target has taken on, it answers"),
		nothing("posting.failed").Because("a request that is in flight when the target is asked to stop is answered"), nothing("looking.failed"),
		nothing("posting.errors.shed_by_target").Because("nor is it refused: it was there before"), nothing("looking.errors.shed_by_target"),
		verdict.Metric("looking.latency.p50").AtLeast(verdict.Duration(stopAfter - asking)).Because("it must have been in flight").OrNotExercised(),
	}, sc.Checks...)
	return posting
}

// counting asks for the queue as often as a mailing asks for tasks.
func (s *service) counting(name string, like mailing) load.Stream {
	asked := load.Stream{Name: name, Profile: like.profile, StartAt: like.startAt, Expect: load.Status(), Refused: s.Refused}
	if s.Counting != nil {
		asked.Template = s.Counting
	} else {
		asked.Next = func(int64, *rand.Rand) load.Request { return s.Queue }
	}
	return asked
}

// deadly are tasks that end their worker in the last two of their attempts: the call
// for them never ends, and the target is killed meanwhile. A fault cannot be told to kill
// whoever calls, so the kills are so far apart that the call is under way.
func deadly(p profile.Profile, s *service) harness.Scenario {
	const every, rescue, timeout = 1500 * time.Millisecond, 400 * time.Millisecond, 5 * time.Second
	kills := min(2, s.attempts())
	before := s.attempts() - kills
	t := harness.Timeline{Baseline: 300 * time.Millisecond, Heal: 200 * time.Millisecond}
	t.Drain = max(30*time.Second, s.givenUp(briefCountdown)+time.Duration(kills)*timeout)
	call := "hang headers key=deadly-*"
	if before > 0 {
		call = fmt.Sprintf("%d*%s -> %s", before, s.broken(), call)
	}
	faults := []harness.Fault{adapter.Always("deadly", s.Far, call)}
	pauses, _ := s.pausesOf(before)
	first := time.Duration(pauses*(1+s.Spread)*float64(briefCountdown)) + 500*time.Millisecond
	for i := range kills {
		t.Inject = first + time.Duration(i)*every
		faults = append(faults, harness.Fault{ID: fmt.Sprintf("kill-%d", i+1), On: s.Worker, Kind: fault.Kill{}, After: t.Inject})
	}
	t.Inject += 200 * time.Millisecond
	s.compress(briefCountdown)
	s.rescue(rescue)
	s.bound(contract.SendTimeout, timeout)
	return s.withMail(harness.Scenario{
		Name:     "task/deadly",
		Claim:    fmt.Sprintf("A task that ends its worker is given up after %s attempts, and does not end workers for ever; the others are done.", spelt(s.attempts())),
		Timeline: t,
		Faults:   faults,
		Checks: []verdict.Check{
			verdict.Metric(s.far("attempts.max")).AtMost(verdict.Count(int64(s.attempts()))).AsPrimary().Because("an attempt that ended with its worker counts, too"),
			nothing("deadly.unfailed_tasks").Because("it is given up where everybody can see it"),
			nothing("mail.failed_tasks"), nothing("ledger.failed_permanent"),
			verdict.Metric(s.far("abandoned")).AtLeast(verdict.Count(int64(kills))).Because("it must have ended its workers").OrNotExercised(),
		},
	}, emailapi.Config{}, steady("deadly", 10, 200*time.Millisecond), steady("mail", 20, t.Total()))
}
