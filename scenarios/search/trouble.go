package search

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// overload makes the database so slow that what the target can serve is known
// whatever the machine, and then asks ten times as much.
func overload(p profile.Profile, s *service) harness.Scenario {
	t := p.Disturbed()
	const calm, storm = 5, 400
	s.database()
	s.refusal()
	s.give(contract.Queued, "8")
	s.give(contract.AcquireTimeout, "2s")
	shape := load.PerPhase(calm, map[string]float64{result.Inject: storm}).Over(t.Phases())
	return s.in(harness.Scenario{
		Name:        "search/overload",
		Claim:       "Asked for ten times what it can serve, the target refuses the rest at once with 503 and Retry-After, what it accepts stays quick, and it recovers.",
		Protections: []string{"search.shed-load"},
		Headline:    true,
		Timeline:    t,
		// No two queries are the same text: what answers from memory has to ask the database, too.
		Load: []load.Stream{s.Stream("search", shape, s.many(contract.Everywhere))},
		Faults: []harness.Fault{{
			ID: "slow-database", On: harness.OnDatabase, Kind: fault.After(50 * time.Millisecond), During: harness.Throughout,
		}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency_ok.p90").In(result.Inject).AtMost(verdict.Duration(s.Time)).
				Because("what is accepted is served as ever").Guarding("search.shed-load"),
			verdict.Metric("search.latency.p99").In(result.Inject).AtMost(verdict.Duration(s.Time)).
				Because("a refusal is quick").Guarding("search.shed-load"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("each answer is right, or an orderly refusal"),
			verdict.Metric("search.ok_ratio").In(result.Inject).AtLeast(verdict.Percent(1)).Because("some must be served"),
			verdict.Metric("search.ok_ratio").In(result.Inject).AtMost(verdict.Percent(12.5)).
				Because("ten times too much: who can serve more was not overloaded").OrNotExercised(),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)).Because("before the storm it serves all"),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
			verdict.Metric(s.peak()).Below(verdict.Bytes(s.Memory)),
		},
	})
}

// poolUsedUp has more searches at a time than connections: those that are at it hold
// them, the others wait for one.
func poolUsedUp(p profile.Profile, s *service) harness.Scenario {
	s.give(contract.Concurrent, "1000") // or it is a turn that they wait for, and each has a connection
	return s.usedUp(p, "search/pool-used-up", "connection", s.pool()...)
}

// turnsUsedUp has fewer searches at a time than connections: the others wait for a turn.
func turnsUsedUp(p profile.Profile, s *service) harness.Scenario {
	s.number(contract.Concurrent, 2)
	return s.usedUp(p, "search/turns-used-up", "turn")
}

// usedUp locks the searched table for longer than anybody should wait: searches that are
// at it keep all there is of what the others need to begin.
func (s *service) usedUp(p profile.Profile, name, what string, also ...verdict.Check) harness.Scenario {
	t := p.Disturbed()
	// Much less than the target can serve: who has lost a second must be able to catch up
	// beside what goes on coming, on a slow machine, too.
	const rate = 30
	s.refusal()
	wait := s.bound(contract.AcquireTimeout, 200*time.Millisecond)
	s.give(contract.StatementTimeout, "10s")
	s.give(contract.Queued, "1000")
	t.Inject = max(t.Inject, 4*wait) // or nobody has waited to the end
	return s.in(harness.Scenario{
		Name:        name,
		Claim:       fmt.Sprintf("When every %s is taken, a search waits %s for one and then gets a clear refusal; nobody hangs.", what, seconds(wait)),
		Protections: []string{"search.acquire-timeout"},
		Timeline:    t,
		Load:        []load.Stream{s.Stream("search", load.Throughout(rate).Over(t.Phases()), s.many(contract.Some))},
		Faults:      []harness.Fault{{ID: "locked-table", On: harness.OnPostgres, Kind: lockOf(s.reads()[0])}},
		Checks: append([]verdict.Check{
			verdict.Metric("search.latency.p50").In(result.Inject).AtMost(verdict.Duration(2 * wait)).
				Because("most of them wait for a " + what + ", and no longer than they may").Guarding("search.acquire-timeout"),
			verdict.Metric("search.latency.p50").In(result.Inject).AtLeast(verdict.Duration(wait / 2)).Because("most of them must have waited").OrNotExercised(),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(rate/6), time.Second).Because("it recovers; one of a quarter of a second may be late"),
		}, also...),
	})
}

// lockedTable locks the tables that a search reads, one after the other, under a
// load that leaves connections free.
func lockedTable(p profile.Profile, s *service) harness.Scenario {
	const wanted = 150 * time.Millisecond
	s.refusal()
	statement := s.bound(contract.StatementTimeout, wanted)
	t := p.Disturbed()
	t.Baseline, t.Inject = t.Baseline*3/5, t.Inject*11/4 // each fault needs a moment in which somebody meets it
	t.Inject = max(t.Inject, time.Duration(4*len(s.reads()))*statement)
	var locks []harness.Fault
	for _, tables := range s.reads() {
		locks = append(locks, at(harness.OnPostgres, tables.Name, lockOf(tables)))
	}
	return s.in(harness.Scenario{
		Name:        "search/locked-table",
		Claim:       fmt.Sprintf("A migration that locks a table, whichever of those that it reads, costs each search its statement timeout of %s, and not one moment more.", seconds(statement)),
		Protections: []string{"search.statement-timeout"},
		Compressed:  s.compressed("statement timeout", contract.StatementTimeout, statement),
		Timeline:    t,
		Load:        []load.Stream{s.Stream("search", load.Throughout(16).Over(t.Phases()), s.many(contract.Rare))},
		Faults:      oneAfterTheOther(t.Inject, locks...),
		Checks: []verdict.Check{
			verdict.Metric("search.latency.p90").In(result.Inject).AtMost(verdict.Duration(2 * statement)).
				Because("twice the timeout: it bounds each statement, and the slack is for the machine").Guarding("search.statement-timeout"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("each answer is right, or an orderly refusal"),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
		},
	})
}

// lockOf locks tables, as a migration would.
func lockOf(tables contract.Tables) fault.LockTable {
	return fault.LockTable{Table: strings.Join(tables.Names, ",")}
}

// at is a fault at a place, whose time is still open.
func at(place, id string, kind fault.Kind) harness.Fault {
	return harness.Fault{ID: id, On: place, Kind: kind}
}

// oneAfterTheOther gives each fault an equal part of a time, of which the last quarter
// is quiet, for two that are in force at once would be refused. What happens at one
// moment happens early in the part of the one before it.
func oneAfterTheOther(whole time.Duration, faults ...harness.Fault) []harness.Fault {
	parts := 0
	for _, f := range faults {
		if !fault.IsOneShot(f.Kind) {
			parts++
		}
	}
	part, begun := whole/time.Duration(parts), time.Duration(0)
	for i := range faults {
		if fault.IsOneShot(faults[i].Kind) {
			faults[i].After = begun - part*4/5
			continue
		}
		faults[i].After, faults[i].For = begun, part*3/4
		begun += part
	}
	return faults
}

// patience is how long a search may take whose waits for a connection and for a
// statement are short, with the grace around both.
func (s *service) patience() time.Duration {
	const short, grace = 300 * time.Millisecond, 1900 * time.Millisecond
	return s.bound(contract.StatementTimeout, short) + s.bound(contract.AcquireTimeout, short) + grace
}

// slowDatabase adds 0.6 s to everything that Postgres says.
func slowDatabase(p profile.Profile, s *service) harness.Scenario {
	t := p.Disturbed()
	s.database()
	s.refusal()
	limit := s.patience()
	return s.in(harness.Scenario{
		Name:     "search/slow-database",
		Claim:    "When each word of the database takes 0.6 s, searches end within their bounds and the service recovers by itself.",
		Timeline: t,
		Load:     []load.Stream{s.Stream("search", load.Throughout(30).Over(t.Phases()), s.many(contract.Everywhere))},
		Faults:   []harness.Fault{{ID: "slow", On: harness.OnDatabase, Kind: fault.After(600 * time.Millisecond)}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(limit)).Because("the wait for a connection, the statement's time and the grace around both"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), 1500*time.Millisecond).Because("it recovers"),
		},
	})
}

// cutConnections takes the database away in every way: connections are reset,
// refused, or lead nowhere; the server is full, starting or closed; it names a
// conflict or that it has no room left.
func cutConnections(p profile.Profile, s *service) harness.Scenario {
	t := p.Disturbed()
	t.Baseline, t.Inject = t.Baseline*3/5, t.Inject*5/2 // each fault needs a moment in which somebody meets it
	s.database()
	s.refusal()
	limit := s.patience()
	s.give(contract.Connections, "3") // with few the dead ones are soon used up, and new ones are asked for
	// Who refuses new sessions refuses nobody who has one, so the open ones are ended;
	// between two of these there is one that lets sessions be opened again.
	ended := func(before string) harness.Fault {
		return at(harness.OnPostgres, "ended-"+before, fault.TerminateBackends{})
	}
	said := func(code string) harness.Fault {
		return at(harness.OnDatabase, "says-"+strings.ToLower(code), fault.SQLState{Code: code})
	}
	return s.in(harness.Scenario{
		Name:     "search/cut-connections",
		Needs:    harness.Needs{Sessions: 30}, // its three and ours, within a moment of each end
		Claim:    "While the database is gone or refuses, in whatever way, searches are refused clearly or answered rightly; afterwards the service is well again by itself.",
		Timeline: t,
		Load:     []load.Stream{s.Stream("search", load.Throughout(40).Over(t.Phases()), s.many(contract.Some))},
		Faults: oneAfterTheOther(t.Inject,
			at(harness.OnDatabase, "reset", fault.Reset{}),
			at(harness.OnDatabase, "refuse", fault.Refuse{Cut: true}),
			at(harness.OnDatabase, "black-hole", fault.BlackHole{}),
			said("40001"), said("53300"), ended("53300"), said("40P01"), said("57P03"), ended("57p03"),
			said("53100"), said("55000"), ended("55000"), said("57P01"),
			said("3D000"), ended("3d000")),
		Checks: []verdict.Check{
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("an answer is right, or a refusal: 503 with Retry-After, and nothing else"),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(limit)),
		},
	})
}

// callersHangUp locks every table, so that each search is under way when its caller
// gives up, and nothing else than that would end it.
func callersHangUp(p profile.Profile, s *service) harness.Scenario {
	t := p.Disturbed()
	t.Baseline = t.Baseline * 3 / 5
	const rate, patience, stay, pool = 20, 200 * time.Millisecond, 5, 20
	s.database()
	s.give(contract.StatementTimeout, "10s")
	s.give(contract.AcquireTimeout, "5s")
	s.give(contract.Concurrent, strconv.Itoa(pool))
	s.give(contract.Connections, strconv.Itoa(pool))
	stream := s.Stream("search", load.Throughout(rate).Over(t.Phases()), s.many(contract.Some))
	stream.Timeout = patience
	open := int64(rate * patience.Seconds())
	leaving, staying := s.alike(stay/t.Inject.Seconds(), t)
	leaving.Timeout = patience
	var heard []verdict.Check
	if s.settable(contract.StatementTimeout, contract.AcquireTimeout) { // or nobody may be able to wait for so long
		heard = append(heard, verdict.Metric("staying.ok_ratio").In(result.Inject).Equals(verdict.Percent(100)).Because("who waits is answered, whoever else that asked the same has hung up"))
	}
	return s.in(harness.Scenario{
		Name:     "search/callers-hang-up",
		Needs:    harness.Needs{Sessions: 2 * (rate + stay/t.Inject.Seconds())}, // for each that hangs up one to cancel, and one anew
		Claim:    "When callers hang up, what the database does for them is given up too, at once, and nothing is left of them; who asks the same and waits is answered.",
		Timeline: t,
		Load:     []load.Stream{stream, leaving, staying},
		Faults:   []harness.Fault{at(harness.OnPostgres, "locked", fault.LockTable{Table: "*"})},
		Checks: append([]verdict.Check{
			verdict.Metric("db.locks.waiting.max").In(result.Inject).AtMost(verdict.Count(3*open + stay)).Because("three times what those who hang up have under way, and all who stay"),
			verdict.Metric("search.wrong").Equals(verdict.Count(0)).Because("each answer is right, or an orderly refusal"),
			verdict.Metric("search.errors.timeout").In(result.Inject).AtLeast(verdict.Count(1)).Because("somebody must have hung up").OrNotExercised(),
			verdict.Metric("search.ok_ratio").In(result.Heal).AtLeast(verdict.Percent(50)).Because("the service is well again within half of the phase: it begins with those who waited and with connections to open anew, and others hang up meanwhile"),
			verdict.Metric("db.connections.active").In(result.Heal).FallsTo(verdict.Count(open), time.Second).Because("no statement runs on for who has gone"),
			verdict.Metric("db.connections.idle_in_transaction").In(result.Heal).FallsTo(verdict.Count(open), time.Second),
		}, heard...),
	})
}

// callersLeaveTheLine has few searches at a time, all of them for callers who wait, and a
// line in which many others lose patience. Who leaves it must leave his place to the next:
// those who come at once, a little later, find a line as long as before.
func callersLeaveTheLine(p profile.Profile, s *service) harness.Scenario {
	t := p.Disturbed()
	t.Baseline = t.Baseline * 3 / 5
	const (
		rate, line = 120, 40 // of those who leave, more than there are places
		before     = 20      // of them while they are answered
		patience   = 100 * time.Millisecond
		calm, held = 200 * time.Millisecond, 200 * time.Millisecond
		burst      = line / 2
	)
	s.database()
	s.give(contract.StatementTimeout, "10s")
	s.give(contract.AcquireTimeout, "5s")
	s.give(contract.Concurrent, "2")
	s.give(contract.Queued, strconv.Itoa(line))
	leaving := s.Stream("leaving", load.Sequence(load.Constant(before, t.Start(result.Inject)), load.Constant(rate, t.Inject)), s.many(contract.Some))
	leaving.Timeout = patience
	waiting := s.Stream("waiting", load.Throughout(6/t.Inject.Seconds()).Over(t.Phases()), s.many(contract.Some))
	after := s.Stream("after", load.Constant(burst/(held/2).Seconds(), held/2), s.many(contract.Some))
	after.StartAt = t.Start(result.Heal) + calm
	return s.in(harness.Scenario{
		Name:     "search/callers-leave-the-line",
		Needs:    harness.Needs{Sessions: 2 * 2 / patience.Seconds()}, // for each of the two that hang up one to cancel, and one anew
		Claim:    "When callers hang up who were still waiting to be served, the line is as long as before for those who come.",
		Timeline: t,
		Load:     []load.Stream{leaving, waiting, after},
		Faults: []harness.Fault{
			at(harness.OnPostgres, "locked", fault.LockTable{Table: "*"}),
			{ID: "slow", On: harness.OnDatabase, Kind: fault.After(held / 2), During: result.Heal, After: calm, For: held},
		},
		Checks: []verdict.Check{
			verdict.Metric("leaving.wrong").Equals(verdict.Count(0)).Because("each answer is right, or an orderly refusal"),
			verdict.Metric("waiting.wrong").Equals(verdict.Count(0)), verdict.Metric("after.wrong").Equals(verdict.Count(0)),
			verdict.Metric("leaving.errors.timeout").In(result.Inject).AtLeast(verdict.Count(line)).Because("more must have hung up than have room").OrNotExercised(),
			verdict.Metric("after.ok_ratio").AtLeast(verdict.Percent(75)).AsPrimary().Because("who has left takes no place"),
			verdict.Metric("waiting.ok_ratio").AtLeast(verdict.Percent(90)).Because("nor does one who has left and whose turn has not come"),
		},
	})
}

// turns has many come at once where few are served at a time: the last of them waits for a
// turn for longer than a search may take.
func turns(p profile.Profile, s *service) harness.Scenario {
	t := p.Quick()
	const (
		answer        = 50 * time.Millisecond // of the database
		burst, within = 24, 100 * time.Millisecond
	)
	s.database()
	s.number(contract.Concurrent, 2)
	s.number(contract.Queued, 2*burst)
	s.bound(contract.AcquireTimeout, 10*time.Second)
	statement := s.bound(contract.StatementTimeout, time.Second)
	stream := s.Stream("burst", load.Constant(burst/within.Seconds(), within), s.many(contract.Some))
	stream.StartAt = t.Start(result.Baseline)
	return s.in(harness.Scenario{
		Name:     "search/turns",
		Claim:    "The time for which a search waits for its turn is not taken from that which it may need: of many who come at once each is served.",
		Timeline: t,
		Load:     []load.Stream{stream},
		Faults:   []harness.Fault{{ID: "slow", On: harness.OnDatabase, Kind: fault.After(answer), During: harness.Throughout}},
		Checks: []verdict.Check{
			verdict.Metric("burst.failed").Equals(verdict.Count(0)).Because("each answer is right, or an orderly refusal"),
			verdict.Metric("burst.ok_ratio").Equals(verdict.Percent(100)).AsPrimary().Because("all have room in the line, and none has lost patience"),
			verdict.Metric("burst.latency.max").AtLeast(verdict.Duration(statement * 3 / 2)).Because("some must have waited for longer than a search may take").OrNotExercised(),
		},
	})
}

// alike are two streams that ask the same at almost the same moments, the first a little
// before the second: each time another text, where requests are not data.
func (s *service) alike(rate float64, t harness.Timeline) (first, second load.Stream) {
	const later = 20 * time.Millisecond
	some := s.term(contract.Some)
	first = s.Stream("leaving", load.Throughout(rate).Over(t.Phases()), contract.Only(some))
	t.Heal -= later
	second = s.Stream("staying", load.Throughout(rate).Over(t.Phases()), contract.Only(some))
	second.StartAt = later
	if drawn := s.Stream("drawn", first.Profile, contract.Around(some)).Next; drawn != nil {
		first.Next = func(n int64, _ *rand.Rand) load.Request { return drawn(n, rand.New(rand.NewPCG(uint64(n), 1))) }
		second.Next = first.Next
	}
	return first, second
}

// frozen stops the whole process for a while, as a paused machine would.
func frozen(p profile.Profile, s *service) harness.Scenario {
	t := p.Disturbed()
	s.give(contract.Queued, "1000")
	s.give(contract.AcquireTimeout, "5s")
	return s.in(harness.Scenario{
		Name:     "search/frozen",
		Claim:    "A target that is frozen for a while answers all who came meanwhile once it thaws, and is as quick as before.",
		Timeline: t,
		Load:     []load.Stream{s.Stream("search", load.Throughout(30).Over(t.Phases()), s.many(contract.Some))},
		Faults:   []harness.Fault{{ID: "frozen", On: s.Program, Kind: fault.Pause{}}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(t.Inject + s.Time)).Because("the pause, and what a search may take"),
			verdict.Metric("search.latency.max").AtLeast(verdict.Duration(t.Inject / 2)).Because("who came while it was frozen has waited: a figure below this would hide them"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Inject).AtLeast(verdict.Percent(90)).Because("all are answered but the few whose statement was at the database when its time stood still"),
			verdict.Metric("search.ok_ratio").In(result.Heal).Equals(verdict.Percent(100)),
		},
	})
}
