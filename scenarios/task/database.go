package task

import (
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
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// databaseTrouble is a scenario in which the way to the database fails for a while.
func databaseTrouble(p profile.Profile, s *service, name, claim string, rate float64, checks []verdict.Check, faults ...harness.Fault) harness.Scenario {
	return troubled(p, s, p.Outage(), name, claim, rate, checks, faults)
}

// troubled is databaseTrouble on a timeline of its own.
func troubled(p profile.Profile, s *service, t harness.Timeline, name, claim string, rate float64, checks []verdict.Check, faults []harness.Fault, more ...mailing) harness.Scenario {
	s.database()
	s.refusal()
	s.missed()
	s.compress(compressedCountdown)
	return s.withMail(harness.Scenario{
		Name:     name,
		Claim:    claim,
		Timeline: profile.WithDrain(t, 20*time.Second),
		Faults:   faults,
		Checks: append(checks,
			nothing("ledger.failed_permanent").Because("an error of the database passes"),
			nothing("mail.failed").Because("a task that cannot be taken on is refused clearly: 503 with Retry-After"),
			nothing("notify.failed"),
			verdict.Metric("mail.ok_ratio").In(result.Baseline).AtLeast(verdict.Percent(50)).Because("it must have worked before").OrNotExercised(),
			verdict.Metric("mail.ok_ratio").In(result.Heal).AtLeast(verdict.Percent(50)).Because("it recovers by itself"),
		),
	}, emailapi.Config{}, append([]mailing{steady("mail", rate, t.Total()), steady("notify", 30, t.Total()).about(1)}, more...)...)
}

func databaseGone(p profile.Profile, s *service) harness.Scenario {
	sc := databaseTrouble(p, s, "task/database-gone",
		"While the database is gone tasks are refused clearly, and the service does not call itself ready; those taken on before are all done afterwards"+s.once(", once")+".", 60, nil,
		harness.Fault{ID: "gone", On: harness.OnDatabase, Kind: fault.Reset{}},
		// So that some are reading at the very moment in which it goes.
		harness.Fault{ID: "slow", On: harness.OnDatabase, Kind: fault.After(20 * time.Millisecond), During: harness.Throughout})
	if s.Ready == nil {
		return sc
	}
	sc.Load = append(sc.Load, load.Stream{
		Name: "ready", Profile: load.Throughout(10).Over(sc.Timeline.Phases()), Next: func(int64, *rand.Rand) load.Request { return *s.Ready }, Expect: load.Status(http.StatusOK), Refused: s.Refused,
	})
	sc.Checks = append(sc.Checks,
		verdict.Metric("ready.ok_ratio").In(result.Baseline).AtLeast(verdict.Percent(50)).Because("it must have been ready before").OrNotExercised(),
		verdict.Metric("ready.ok").In(result.Inject).AtMost(verdict.Count(2)).Because("who is asked in vain sends nobody here: it cannot work without its database"),
	)
	return sc
}

// commitRepliesLost has several short moments in which a COMMIT is carried out,
// and the client never learns of it.
func commitRepliesLost(p profile.Profile, s *service) harness.Scenario {
	// The pool needs some seconds for itself after each.
	moments := max(1, int(p.Outage().Inject/(1500*time.Millisecond)))
	var faults []harness.Fault
	every := p.Outage().Inject / time.Duration(moments)
	for i := range moments {
		faults = append(faults, harness.Fault{
			ID: fmt.Sprintf("replies-lost-%d", i+1), On: harness.OnDatabase, Kind: fault.BlackHole{Direction: fault.Down, Lose: true, Upon: "COMMIT"},
			After: time.Duration(i) * every, For: every / 4,
		})
	}
	return databaseTrouble(p, s, "task/commit-replies-lost",
		fmt.Sprintf("When the database does what it is asked and its answers are lost, nothing that was answered %s is lost%s.", s.Answered, s.once(", and nothing is done twice")), 60,
		[]verdict.Check{verdict.Metric("tasks.stored_unheard").AtLeast(verdict.Count(1)).Because("a COMMIT must have been carried out and its reply lost").OrNotExercised()},
		faults...)
}

// repliesLost has, for each table that tasks use, a moment in which each statement on it is
// carried out and nobody learns of it, while some calls of a batch have to be made again.
func repliesLost(p profile.Profile, s *service) harness.Scenario {
	s.tables()
	var kinds []fault.Kind
	for _, table := range s.Tables.All {
		kinds = append(kinds, fault.BlackHole{Direction: fault.Down, Lose: true, Upon: table})
	}
	t := p.Outage()
	t.Inject = max(t.Inject, time.Duration(len(kinds))*400*time.Millisecond)
	sc := troubled(p, s, t, "task/replies-lost",
		fmt.Sprintf("Whichever statement is carried out and its answer lost, tasks are taken on or refused clearly, and those taken on are all done%s.", s.once(", once")), 60, nil,
		append(inTurn(t.Inject, harness.OnDatabase, kinds...), adapter.Misbehave("again", s.Far, "status 503 p=0.2")), s.large("large", 20, t.Total()))
	sc.Slow = true
	return sc
}

// large is a mailing of tasks that take more than one call each, of which a target notes
// what is sent; of one mail each where a task is one mail.
func (s *service) large(name string, rate float64, length time.Duration) mailing {
	m, mails := steady(name, rate, length), 1
	if s.Batch > 1 {
		mails = s.Batch + 1
	}
	m.to = func(n int64) []string { return addresses(name, n, mails) }
	return m
}

// addresses are so many of task n of a mailing.
func addresses(mailing string, n int64, many int) []string {
	all := make([]string, many)
	for i := range all {
		all[i] = fmt.Sprintf("%s-%d-%d@tasks.example", mailing, n, i)
	}
	return all
}

// databaseRefuses has the database refuse in all the ways of one that is busy or on
// its way up or down: new sessions, statements, and COMMIT. Before that every session
// is ended at once, and new ones are welcome.
func databaseRefuses(p profile.Profile, s *service) harness.Scenario {
	s.tables()
	kinds := []fault.Kind{
		fault.SQLState{Code: "53300"}, fault.SQLState{Code: "57P03"}, fault.SQLState{Code: "55000"},
		fault.SQLState{Code: "40001", Upon: s.Tables.Queue}, fault.SQLState{Code: "40P01", Upon: s.Tables.Queue}, fault.SQLState{Code: "55000", On: fault.OnQuery},
		fault.SQLState{Code: "40001", On: fault.OnCommit}, fault.SQLState{Code: "53100"},
	}
	t := p.Outage()
	t.Baseline *= 2
	t.Inject = max(t.Inject, time.Duration(len(kinds))*250*time.Millisecond)
	faults := inTurn(t.Inject, harness.OnDatabase, kinds...)
	for i := range 3 { // who has sessions is not refused new ones
		faults = append(faults, harness.Fault{
			ID: fmt.Sprintf("ended-%d", i+1), On: harness.OnPostgres, Kind: fault.TerminateBackends{}, After: faults[i].After + faults[i].For/8,
		})
	}
	faults = append(faults, harness.Fault{ID: "terminated", On: harness.OnPostgres, Kind: fault.TerminateBackends{}, During: result.Baseline, After: t.Baseline / 2})
	sc := troubled(p, s, t, "task/database-refuses",
		"When the database ends every session, and while it refuses sessions, statements and commits with errors that pass, tasks are refused clearly; those taken on are all done afterwards, once.", 60, nil, faults)
	sc.Needs = harness.Needs{Sessions: 40} // all of a service, within a moment of each end
	return sc
}

// tablesLocked locks each table that the tasks use, one after the other, on a slow way
// to the database.
func tablesLocked(p profile.Profile, s *service) harness.Scenario {
	s.tables()
	var kinds []fault.Kind
	for _, table := range s.Tables.All {
		kinds = append(kinds, fault.LockTable{Table: table})
	}
	t := p.Outage()
	t.Inject = max(t.Inject, time.Duration(len(kinds))*500*time.Millisecond)
	slow := harness.Fault{ID: "slow", On: harness.OnDatabase, Kind: fault.After(10 * time.Millisecond)}
	sc := troubled(p, s, t, "task/tables-locked",
		"Whichever table is locked for a moment, and while the database is slow, tasks are taken on or refused clearly, and those taken on are all done, once.", 60, nil,
		append(inTurn(t.Inject, harness.OnPostgres, kinds...), slow), s.large("large", 20, t.Total()))
	sc.Slow = true
	return sc
}

// queueLocked locks the table of the queue alone, as a migration of the library would, while
// others search.
func queueLocked(p profile.Profile, s *service) harness.Scenario {
	s.tables()
	t := p.Outage()
	t.Inject = max(t.Inject, time.Second)
	t.WarmUp = max(t.WarmUp, p.Phase/2) // the sessions that searches take are opened before they are measured
	searches, some := s.search()
	sc := troubled(p, s, t, "task/queue-locked",
		"While the queue's table is locked, tasks are refused clearly or taken on late, those taken on are all done, and searches notice nothing.", 60,
		[]verdict.Check{
			verdict.Metric("search.failed").Equals(verdict.Count(0)).AsPrimary().Because("the tasks have connections of their own"),
			// Not of the slowest: whoever waits for the table takes a session, and to open so many takes time.
			verdict.Metric("search.latency.p50").In(result.Inject).AtMost(verdict.Duration(100 * time.Millisecond)),
		},
		[]harness.Fault{{ID: "locked", On: harness.OnPostgres, Kind: fault.LockTable{Table: s.Tables.Queue}}})
	if len(sc.Lacks) > 0 {
		return sc
	}
	sc.Load = append(sc.Load, searches.Served("search", load.Throughout(20).Over(t.Phases()), contract.Around(some)))
	return searches.In(sc)
}

// inTurn are faults one after the other in a phase of that length, with a pause
// between any two.
func inTurn(length time.Duration, on string, kinds ...fault.Kind) []harness.Fault {
	every := length / time.Duration(max(1, len(kinds)))
	var faults []harness.Fault
	for i, kind := range kinds {
		faults = append(faults, harness.Fault{
			ID: fmt.Sprintf("%s-%d", kind.Name(), i+1), On: on, Kind: kind, After: time.Duration(i) * every, For: every * 3 / 4,
		})
	}
	return faults
}

// sqlStates has a task's own statement fail with errors of every class.
func sqlStates(p profile.Profile, s *service) harness.Scenario {
	s.tables()
	s.notifications()
	t := p.Outage()
	t.Baseline, t.Inject, t.Heal = max(p.Phase*6/10, 600*time.Millisecond), max(t.Inject, 1200*time.Millisecond), 0
	// A task that meets the first of them has two more attempts when the last is over.
	countdown := t.Inject * 6 / 10
	passing := inTurn(t.Inject, harness.OnDatabase, s.upon("08006"), s.upon("25006"), s.upon("40001"), s.upon("53200"), s.upon("55P03"),
		s.upon("57014"), s.upon("58030"), s.upon("40003"))
	lasting := inTurn(t.Baseline/2, harness.OnDatabase, s.upon("42P01"), s.upon("22P02"), s.upon("42501"))
	for i := range lasting {
		lasting[i].During, lasting[i].ID, lasting[i].For = result.Baseline, "lasting-"+lasting[i].ID, t.Baseline/6
	}
	refused := mailing{name: "refused", profile: load.Constant(60, t.Baseline/2)}.about(1)
	notify := mailing{name: "notify", profile: load.Constant(60, t.Inject), startAt: t.Baseline}.about(1001)
	// One that is late meets what passes.
	again := inTime(counting("refused.again", func(t record) bool { return t.mailing == "refused" && t.accepted && t.told }, func(t record) bool { return t.Attempts > 1 }))
	otherwise := inTime(counting("refused.otherwise", func(t record) bool { return t.mailing == "refused" && t.failed() }, func(t record) bool { return t.Class != contract.Permanent }))
	s.compress(countdown)
	return s.withMail(harness.Scenario{
		Name:     "task/sqlstates",
		Claim:    "Whatever SQLSTATE a task meets that may pass, it is tried again and done; one that will not pass fails it at once.",
		Timeline: profile.WithDrain(t, 4*countdown+5*time.Second),
		Faults:   append(passing, lasting...),
		Checks: []verdict.Check{
			nothing("notify.failed_tasks").AsPrimary().Because("each of these errors may pass"),
			verdict.Metric("notify.attempts.max").AtLeast(verdict.Count(2)).Because("somebody must have met one").OrNotExercised(),
			nothing("refused.again").Because("these errors will not pass"), nothing("refused.otherwise"),
			verdict.Metric("refused.failed_tasks").AtLeast(verdict.Count(1)).Because("somebody must have met one").OrNotExercised(),
		},
	}, emailapi.Config{}, refused.counted(again, otherwise),
		notify.counted(attemptsOf("notify")))
}

// upon is a SQLSTATE for the statement by which a task reads its subject.
func (s *service) upon(code string) fault.Kind {
	return fault.SQLState{Code: code, On: fault.OnQuery, Upon: s.Tables.Subjects}
}

// postgresKilled kills the database itself and starts it again.
func postgresKilled(p profile.Profile, s *service) harness.Scenario {
	t := p.Outage()
	t.Heal = max(t.Heal, 1500*time.Millisecond) // it has to recover, and then the target
	return troubled(p, s, t, "task/postgres-killed",
		fmt.Sprintf("When Postgres is killed under load and started again, every task that was answered %s is there and is done%s.", s.Answered, s.once(", once")), 60, nil,
		[]harness.Fault{{ID: "crash", On: harness.OnPostgres, Kind: fault.Crash{}, For: t.Inject / 2}, adapter.Always("slow", s.Far, "delay 50ms")})
}
