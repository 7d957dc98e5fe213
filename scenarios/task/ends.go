package task

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/emailapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/profile"
)

// killed kills the target while mails are under way that the API has taken on,
// and tasks that were only just answered.
func killed(p profile.Profile) harness.Scenario {
	t := p.Outage()
	// A target that answers first and writes within a second has written by then.
	const written = 1200 * time.Millisecond
	return withMail(p, harness.Scenario{
		Name:        "task/killed",
		Claim:       "A target that is killed while it sends, and started again, has lost nothing that it answered 202 for and sends nothing twice.",
		Protections: []string{"task.durable-enqueue", "task.rescue-crashed"},
		Settings:    compressedSettings(compressedCountdown, nil),
		Compressed:  compressedTimes(compressedCountdown),
		Timeline:    profile.WithDrain(t, 8*time.Second),
		Drained: func(ctx context.Context, o harness.State) (bool, error) {
			done, err := drained(ctx, o)
			return done && time.Since(o.Start) >= t.Total()+written, err
		},
		Faults: []harness.Fault{
			{ID: "kill", On: harness.OnTarget, Kind: fault.Kill{}},
			adapter.Always("slow", mailAPI, "delay 100ms"), // the work is done at once, and the answer comes late
		},
		Checks: []verdict.Check{
			nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"),
			verdict.Metric("mail_api.abandoned").AtLeast(verdict.Count(1)).Because("it must have been killed in the middle of a call").OrNotExercised(),
			verdict.Metric("drain.duration").AtMost(verdict.Duration(6 * time.Second)),
		},
	}, emailapi.Config{}, steady("mail", 100, t.Total()), steady("notify", 30, t.Total()).about(1))
}

// killedOften kills the target again and again.
func killedOften(p profile.Profile) harness.Scenario {
	const kills, sends = 20, 2000
	const every = 1500 * time.Millisecond // time to get up again, and to work
	t := harness.Timeline{Baseline: time.Second, Inject: kills * every, Heal: time.Second, Drain: time.Minute}
	faults := []harness.Fault{adapter.Always("slow", mailAPI, "delay uniform min=20ms max=300ms")}
	r := rand.New(rand.NewPCG(profile.DataSeed, kills))
	for i := range kills {
		faults = append(faults, harness.Fault{
			ID: fmt.Sprintf("kill-%d", i+1), On: harness.OnTarget, Kind: fault.Kill{},
			After: time.Duration(i)*every + time.Duration(r.Int64N(int64(every/2))),
		})
	}
	return withMail(p, harness.Scenario{
		Name:       "task/killed-often",
		Claim:      fmt.Sprintf("%d kills at random moments during %d sends lose nothing and double nothing.", kills, sends),
		Slow:       true,
		Settings:   compressedSettings(compressedCountdown, nil),
		Compressed: compressedTimes(compressedCountdown),
		Timeline:   t,
		Faults:     faults,
		Checks: []verdict.Check{
			nothing("ledger.failed_permanent"),
			verdict.Metric("mail.planned").AtLeast(verdict.Count(sends)).OrNotExercised(),
			verdict.Metric("mail_api.abandoned").AtLeast(verdict.Count(kills)).Because("it must have been killed in the middle of calls").OrNotExercised(),
		},
	}, emailapi.Config{}, mailing{name: "mail", profile: load.Constant(float64(sends)/t.Total().Seconds()*1.01, t.Total())})
}

// stoppedUnderLoad asks the target to end, as a deploy does, also while requests are
// in flight: their way to the database is slow in that moment.
func stoppedUnderLoad(p profile.Profile) harness.Scenario {
	t := p.Outage()
	t.Inject = p.Phase
	// So late that a request which is in flight by then has been taken on.
	const stop, slow = 400 * time.Millisecond, 420 * time.Millisecond
	inFlight := func(m mailing) mailing {
		m.startAt = t.Start(result.Inject) + 10*time.Millisecond
		return m
	}
	posting := inFlight(steady("posting", 200, 50*time.Millisecond))
	return withMail(p, harness.Scenario{
		Name:        "task/stopped-under-load",
		Claim:       "A target that is asked to stop under load lets its calls end, and its successor does the rest: nothing is cut, lost or doubled.",
		Protections: []string{"task.drain-on-stop"},
		Settings:    compressedSettings(compressedCountdown, nil),
		Compressed:  compressedTimes(compressedCountdown),
		Timeline:    profile.WithDrain(t, 10*time.Second),
		Faults: []harness.Fault{
			{ID: "stop", On: harness.OnTarget, Kind: fault.Terminate{}, After: stop},
			{ID: "slow-database", On: harness.OnDatabase, Kind: fault.After(slow), For: stop + 2*slow},
			adapter.Always("slow", mailAPI, "delay 200ms"),
		},
		Load: []load.Stream{{
			Name: "looking", Profile: posting.profile, StartAt: posting.startAt, Expect: load.Status(http.StatusOK), Refused: load.Refusal(),
			Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: "/tasks/queue"} },
		}},
		Checks: []verdict.Check{
			nothing("posting.cut").Because("what a target has taken on, it answers"),
			nothing("posting.failed").Because("a request that is in flight when the target is asked to stop is answered"), nothing("looking.failed"),
			verdict.Metric("looking.latency.p50").AtLeast(verdict.Duration(stop)).Because("it must have been in flight").OrNotExercised(),
			nothing("mail_api.abandoned").Because("who is asked to stop ends what is under way").Guarding("task.drain-on-stop"),
			verdict.Metric("mail_api.attempts.max").Equals(verdict.Count(1)).Because("and so nothing is done again").Guarding("task.drain-on-stop"),
			nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()), posting)
}

// deadly are tasks that end their worker whenever it does them, again and again: the
// call for them never ends, and the target is killed meanwhile. A fault cannot be told
// to kill whoever calls, so the kills are so far apart that the call is under way.
func deadly(p profile.Profile) harness.Scenario {
	const kills, every, rescue = maxAttempts, 1500 * time.Millisecond, 400 * time.Millisecond
	t := harness.Timeline{Baseline: 300 * time.Millisecond, Inject: kills * every, Heal: 200 * time.Millisecond, Drain: 30 * time.Second}
	faults := []harness.Fault{adapter.Always("deadly", mailAPI, "hang headers key=deadly-*")}
	for i := range kills {
		faults = append(faults, harness.Fault{ID: fmt.Sprintf("kill-%d", i+1), On: harness.OnTarget, Kind: fault.Kill{}, After: time.Duration(i) * every})
	}
	return withMail(p, harness.Scenario{
		Name:       "task/deadly",
		Claim:      "A task that ends its worker each time is given up after four attempts, and does not end workers for ever; the others are done.",
		Slow:       true,
		Settings:   compressedSettings(compressedCountdown, map[string]string{"TASK_RESCUE_AFTER": rescue.String(), "TASK_SEND_TIMEOUT": "5s"}),
		Compressed: append(compressedTimes(compressedCountdown), profile.Compressed("timeout of a call", 10*time.Second, 5*time.Second)),
		Timeline:   t,
		Faults:     faults,
		Checks: []verdict.Check{
			verdict.Metric("mail_api.attempts.max").AtMost(verdict.Count(maxAttempts)).AsPrimary().Because("an attempt that ended with its worker counts, too"),
			nothing("deadly.unfailed_tasks").Because("it is given up where everybody can see it"),
			nothing("mail.failed_tasks"), nothing("ledger.failed_permanent"),
			verdict.Metric("mail_api.abandoned").AtLeast(verdict.Count(2)).Because("it must have ended its workers").OrNotExercised(),
		},
	}, emailapi.Config{}, steady("deadly", 10, 200*time.Millisecond), steady("mail", 20, t.Total()))
}
