package task

import (
	"context"
	"fmt"
	"math/rand/v2"
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

// stoppedUnderLoad asks the target to end, as a deploy does.
func stoppedUnderLoad(p profile.Profile) harness.Scenario {
	t := p.Outage()
	return withMail(p, harness.Scenario{
		Name:        "task/stopped-under-load",
		Claim:       "A target that is asked to stop under load lets its calls end, and its successor does the rest: nothing is cut, lost or doubled.",
		Protections: []string{"task.drain-on-stop"},
		Settings:    compressedSettings(compressedCountdown, nil),
		Compressed:  compressedTimes(compressedCountdown),
		Timeline:    profile.WithDrain(t, 10*time.Second),
		Faults: []harness.Fault{
			{ID: "stop", On: harness.OnTarget, Kind: fault.Terminate{}},
			adapter.Always("slow", mailAPI, "delay 200ms"),
		},
		Checks: []verdict.Check{
			nothing("mail_api.abandoned").Because("who is asked to stop ends what is under way").Guarding("task.drain-on-stop"),
			verdict.Metric("mail_api.attempts.max").Equals(verdict.Count(1)).Because("and so nothing is done again").Guarding("task.drain-on-stop"),
			nothing("ledger.failed_exhausted"), nothing("ledger.failed_permanent"),
		},
	}, emailapi.Config{}, steady("mail", 60, t.Total()))
}

// databaseTrouble is a scenario in which the way to the database fails for a while.
func databaseTrouble(p profile.Profile, name, claim string, rate float64, checks []verdict.Check, faults ...harness.Fault) harness.Scenario {
	t := p.Outage()
	t.Baseline = p.Phase // those under way when the trouble begins are few among so many
	return withMail(p, harness.Scenario{
		Name:       name,
		Claim:      claim,
		Settings:   compressedSettings(compressedCountdown, nil),
		Compressed: compressedTimes(compressedCountdown),
		Timeline:   profile.WithDrain(t, 20*time.Second),
		Faults:     faults,
		Checks: append(checks,
			nothing("ledger.failed_permanent").Because("an error of the database passes"),
			nothing("mail.failed").Because("a task that cannot be taken on is refused clearly: 503 with Retry-After"),
			nothing("notify.failed"),
			verdict.Metric("mail.ok_ratio").In(result.Baseline).AtLeast(verdict.Percent(50)).Because("it must have worked before").OrNotExercised(),
			verdict.Metric("mail.ok_ratio").In(result.Heal).AtLeast(verdict.Percent(50)).Because("it recovers by itself"),
		),
	}, emailapi.Config{}, steady("mail", rate, t.Total()), steady("notify", 30, t.Total()).about(1))
}

func databaseGone(p profile.Profile) harness.Scenario {
	return databaseTrouble(p, "task/database-gone",
		"While the database is gone tasks are refused clearly; those taken on before are all done afterwards, once.", 60, nil,
		harness.Fault{ID: "gone", On: harness.OnDatabase, Kind: fault.Reset{}})
}

// commitRepliesLost has several short moments in which a COMMIT is carried out,
// and the client never learns of it.
func commitRepliesLost(p profile.Profile) harness.Scenario {
	// The pool needs some seconds for itself after each.
	moments := max(1, int(p.Outage().Inject/(2*time.Second)))
	var faults []harness.Fault
	every := p.Outage().Inject / time.Duration(moments)
	for i := range moments {
		faults = append(faults, harness.Fault{
			ID: fmt.Sprintf("replies-lost-%d", i+1), On: harness.OnDatabase, Kind: fault.BlackHole{Direction: fault.Down, Lose: true, Upon: "COMMIT"},
			After: time.Duration(i) * every, For: every / 4,
		})
	}
	return databaseTrouble(p, "task/commit-replies-lost",
		"When the database does what it is asked and its answers are lost, nothing that was answered 202 is lost, and nothing is done twice.", 60,
		[]verdict.Check{verdict.Metric("tasks.stored_unheard").AtLeast(verdict.Count(1)).Because("a COMMIT must have been carried out and its reply lost").OrNotExercised()},
		faults...)
}

func backendsTerminated(p profile.Profile) harness.Scenario {
	return databaseTrouble(p, "task/backends-terminated",
		"When every session on the database is ended at once, work goes on with new ones: nothing is lost, nothing done twice.", 60, nil,
		harness.Fault{ID: "terminated", On: harness.OnPostgres, Kind: fault.TerminateBackends{}})
}
