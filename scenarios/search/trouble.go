package search

import (
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/profile"
)

// overload makes the database so slow that what the target can serve is known
// whatever the machine, and then asks ten times as much.
func overload(p profile.Profile, searches Searches) harness.Scenario {
	t := p.Disturbed()
	const calm, storm = 5, 400
	shape := load.PerPhase(calm, map[string]float64{result.Inject: storm}).Over(t.Phases())
	return searches.In(harness.Scenario{
		Name:        "search/overload",
		Claim:       "Asked for ten times what it can serve, the target refuses the rest at once with 503 and Retry-After, what it accepts stays quick, and it recovers.",
		Protections: []string{"search.shed-load"},
		Headline:    true,
		World:       profile.World(p.Projects),
		Settings:    map[string]string{"SEARCH_MAX_QUEUED": "8", "SEARCH_ACQUIRE_TIMEOUT": "2s"},
		Timeline:    t,
		// No two queries are the same text: what answers from memory has to ask the database, too.
		Load: []load.Stream{searches.Stream("search", shape, Around(schema.TermEverywhere))},
		Faults: []harness.Fault{{
			ID: "slow-database", On: harness.OnDatabase, Kind: fault.After(50 * time.Millisecond), During: harness.Throughout,
		}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency_ok.p90").In(result.Inject).AtMost(verdict.Duration(maxSearchTime)).
				Because("what is accepted is served as ever").Guarding("search.shed-load"),
			verdict.Metric("search.latency.p99").In(result.Inject).AtMost(verdict.Duration(maxSearchTime)).
				Because("a refusal is quick").Guarding("search.shed-load"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("each answer is right, or an orderly refusal"),
			verdict.Metric("search.ok_ratio").In(result.Inject).AtLeast(verdict.Percent(1)).Because("some must be served"),
			verdict.Metric("search.ok_ratio").In(result.Inject).AtMost(verdict.Percent(12.5)).
				Because("ten times too much: who can serve more was not overloaded").OrNotExercised(),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)).Because("before the storm it serves all"),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)),
		},
	})
}

// poolUsedUp locks the searched table for longer than anybody should wait: the
// searches that are at it hold their connections, the others wait for one.
func poolUsedUp(p profile.Profile, searches Searches) harness.Scenario {
	t := p.Disturbed()
	// Much less than the target can serve: who has lost a second must be able to catch up
	// beside what goes on coming, on a slow machine, too.
	const rate, wait = 30, 200 * time.Millisecond
	return searches.In(harness.Scenario{
		Name:        "search/pool-used-up",
		Claim:       "When every connection is taken, a search waits 0.2 s for one and then gets a clear refusal; nobody hangs.",
		Protections: []string{"search.acquire-timeout"},
		World:       profile.World(p.Projects),
		Settings:    map[string]string{"SEARCH_ACQUIRE_TIMEOUT": wait.String(), "SEARCH_STATEMENT_TIMEOUT": "10s", "SEARCH_MAX_QUEUED": "1000"},
		Timeline:    t,
		Load:        []load.Stream{searches.Stream("search", load.Throughout(rate).Over(t.Phases()), Around(schema.TermTwoHundred))},
		Faults:      []harness.Fault{{ID: "locked-table", On: harness.OnPostgres, Kind: fault.LockTable{Table: "search_documents"}}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.p50").In(result.Inject).AtMost(verdict.Duration(2 * wait)).
				Because("most of them wait for a connection, and no longer than they may").Guarding("search.acquire-timeout"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(rate/6), time.Second).Because("it recovers; one of a quarter of a second may be late"),
			verdict.Metric("db.connections.total.max").AtMost(verdict.Count(poolMax)).Because("the pool's own bound"),
		},
	})
}

// lockedTable locks the tables that a search reads, one after the other, under a
// load that leaves connections free.
func lockedTable(p profile.Profile, searches Searches) harness.Scenario {
	const statement = 150 * time.Millisecond
	t := p.Disturbed()
	t.Baseline, t.Inject = t.Baseline*3/5, t.Inject*5/2 // each fault needs a moment in which somebody meets it
	return searches.In(harness.Scenario{
		Name:        "search/locked-table",
		Claim:       "A migration that locks a table, whichever of those that it reads, costs each search its statement timeout of 0.15 s, and not one moment more.",
		Protections: []string{"search.statement-timeout"},
		World:       profile.World(p.Projects),
		Settings:    map[string]string{"SEARCH_STATEMENT_TIMEOUT": statement.String()},
		Compressed:  []result.Compressed{profile.Compressed("statement timeout", 2*time.Second, statement)},
		Timeline:    t,
		Load:        []load.Stream{searches.Stream("search", load.Throughout(16).Over(t.Phases()), Around(schema.TermRareOld))},
		Faults: oneAfterTheOther(t.Inject,
			at(harness.OnPostgres, "documents", fault.LockTable{Table: "search_documents"}),
			at(harness.OnPostgres, "words", fault.LockTable{Table: "search_words"}),
			at(harness.OnPostgres, "projects", fault.LockTable{Table: "projects,categories,cities,owners"}),
			at(harness.OnPostgres, "tags", fault.LockTable{Table: "project_tags,tags"})),
		Checks: []verdict.Check{
			verdict.Metric("search.latency.p90").In(result.Inject).AtMost(verdict.Duration(2 * statement)).
				Because("twice the timeout: it bounds each statement, and the slack is for the machine").Guarding("search.statement-timeout"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("each answer is right, or an orderly refusal"),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
		},
	})
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

// slowDatabase adds 0.6 s to everything that Postgres says.
func slowDatabase(p profile.Profile, searches Searches) harness.Scenario {
	t := p.Disturbed()
	return searches.In(harness.Scenario{
		Name:     "search/slow-database",
		Claim:    "When each word of the database takes 0.6 s, searches end within their bounds and the service recovers by itself.",
		World:    profile.World(p.Projects),
		Settings: map[string]string{"SEARCH_STATEMENT_TIMEOUT": "300ms", "SEARCH_ACQUIRE_TIMEOUT": "300ms"},
		Timeline: t,
		Load:     []load.Stream{searches.Stream("search", load.Throughout(30).Over(t.Phases()), Around(schema.TermEverywhere))},
		Faults:   []harness.Fault{{ID: "slow", On: harness.OnDatabase, Kind: fault.After(600 * time.Millisecond)}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(2500 * time.Millisecond)).Because("the wait for a connection, the statement's time and the grace around both"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), 1500*time.Millisecond).Because("it recovers"),
		},
	})
}

// cutConnections takes the database away in every way: connections are reset,
// refused, or lead nowhere; the server is full, starting or closed; it names a
// conflict or that it has no room left.
func cutConnections(p profile.Profile, searches Searches) harness.Scenario {
	t := p.Disturbed()
	t.Baseline, t.Inject = t.Baseline*3/5, t.Inject*5/2 // each fault needs a moment in which somebody meets it
	// Who refuses new sessions refuses nobody who has one, so the open ones are ended;
	// between two of these there is one that lets sessions be opened again.
	ended := func(before string) harness.Fault {
		return at(harness.OnPostgres, "ended-"+before, fault.TerminateBackends{})
	}
	said := func(code string) harness.Fault {
		return at(harness.OnDatabase, "says-"+strings.ToLower(code), fault.SQLState{Code: code})
	}
	return searches.In(harness.Scenario{
		Name:  "search/cut-connections",
		Claim: "While the database is gone or refuses, in whatever way, searches are refused clearly or answered rightly; afterwards the service is well again by itself.",
		World: profile.World(p.Projects),
		// With few connections the dead ones are soon used up, and new ones are asked for.
		Settings: map[string]string{"SEARCH_STATEMENT_TIMEOUT": "300ms", "SEARCH_ACQUIRE_TIMEOUT": "300ms", "DB_POOL_MAX": "3"},
		Timeline: t,
		Load:     []load.Stream{searches.Stream("search", load.Throughout(40).Over(t.Phases()), Around(schema.TermTwoHundred))},
		Faults: oneAfterTheOther(t.Inject,
			at(harness.OnDatabase, "reset", fault.Reset{}),
			at(harness.OnDatabase, "refuse", fault.Refuse{Cut: true}),
			at(harness.OnDatabase, "black-hole", fault.BlackHole{}),
			said("40001"), said("53300"), ended("53300"), said("40P01"), said("57P03"), ended("57p03"),
			said("53100"), said("55000"), ended("55000"), said("57P01")),
		Checks: []verdict.Check{
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("an answer is right, or a refusal: 503 with Retry-After, and nothing else"),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(2500 * time.Millisecond)),
		},
	})
}

// callersHangUp locks every table, so that each search is under way when its caller
// gives up, and nothing else than that would end it.
func callersHangUp(p profile.Profile, searches Searches) harness.Scenario {
	t := p.Disturbed()
	t.Baseline = t.Baseline * 3 / 5
	const rate, patience, pool = 40, 100 * time.Millisecond, 20
	stream := searches.Stream("search", load.Throughout(rate).Over(t.Phases()), Around(schema.TermTwoHundred))
	stream.Timeout = patience
	open := int64(rate * patience.Seconds())
	return searches.In(harness.Scenario{
		Name:     "search/callers-hang-up",
		Claim:    "When callers hang up, what the database does for them is given up too, at once, and nothing is left of them.",
		World:    profile.World(p.Projects),
		Settings: map[string]string{"SEARCH_STATEMENT_TIMEOUT": "10s", "SEARCH_ACQUIRE_TIMEOUT": "5s", "SEARCH_MAX_CONCURRENT": strconv.Itoa(pool), "DB_POOL_MAX": strconv.Itoa(pool)},
		Timeline: t,
		Load:     []load.Stream{stream},
		Faults:   []harness.Fault{at(harness.OnPostgres, "locked", fault.LockTable{Table: "*"})},
		Checks: []verdict.Check{
			verdict.Metric("db.locks.waiting.max").In(result.Inject).AtMost(verdict.Count(3 * open)).Because("three times what those who still wait have under way"),
			verdict.Metric("search.wrong").Equals(verdict.Count(0)).Because("each answer is right, or an orderly refusal"),
			verdict.Metric("search.errors.timeout").In(result.Inject).AtLeast(verdict.Count(1)).Because("somebody must have hung up").OrNotExercised(),
			verdict.Metric("search.ok_ratio").In(result.Heal).AtLeast(verdict.Percent(90)).Because("the service is well again at once"),
			verdict.Metric("db.connections.active").In(result.Heal).FallsTo(verdict.Count(open), time.Second).Because("no statement runs on for who has gone"),
			verdict.Metric("db.connections.idle_in_transaction").In(result.Heal).FallsTo(verdict.Count(open), time.Second),
		},
	})
}

// frozen stops the whole process for a while, as a paused machine would.
func frozen(p profile.Profile, searches Searches) harness.Scenario {
	t := p.Disturbed()
	return searches.In(harness.Scenario{
		Name:     "search/frozen",
		Claim:    "A target that is frozen for a while answers all who came meanwhile once it thaws, and is as quick as before.",
		World:    profile.World(p.Projects),
		Settings: map[string]string{"SEARCH_MAX_QUEUED": "1000", "SEARCH_ACQUIRE_TIMEOUT": "5s"},
		Timeline: t,
		Load:     []load.Stream{searches.Stream("search", load.Throughout(30).Over(t.Phases()), Around(schema.TermTwoHundred))},
		Faults:   []harness.Fault{{ID: "frozen", On: harness.OnTarget, Kind: fault.Pause{}}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(t.Inject + maxSearchTime)).Because("the pause, and what a search may take"),
			verdict.Metric("search.latency.max").AtLeast(verdict.Duration(t.Inject / 2)).Because("who came while it was frozen has waited: a figure below this would hide them"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Inject).AtLeast(verdict.Percent(90)).Because("all are answered but the few whose statement was at the database when its time stood still"),
			verdict.Metric("search.ok_ratio").In(result.Heal).Equals(verdict.Percent(100)),
		},
	})
}
