package search

import (
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
func overload(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	const calm, storm = 5, 400
	shape := load.PerPhase(calm, map[string]float64{result.Inject: storm}).Over(t.Phases())
	return harness.Scenario{
		Name:        "search/overload",
		Claim:       "Asked for ten times what it can serve, the target refuses the rest at once with 503 and Retry-After, what it accepts stays quick, and it recovers.",
		Protections: []string{"search.shed-load"},
		Headline:    true,
		World:       profile.World(p.Projects),
		Settings:    map[string]string{"SEARCH_MAX_QUEUED": "8", "SEARCH_ACQUIRE_TIMEOUT": "2s"},
		Timeline:    t,
		Load:        []load.Stream{{Name: "search", Profile: shape, Next: Requests(schema.TermEverywhere), Expect: load.OrShed(exactly(schema.TermEverywhere, p.Projects))}},
		Faults: []harness.Fault{{
			ID: "slow-database", On: harness.OnDatabase, Kind: fault.After(50 * time.Millisecond), During: harness.Throughout,
		}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency_ok.p90").In(result.Inject).AtMost(verdict.Duration(maxSearchTime)).
				Because("what is accepted is served as ever").Guarding("search.shed-load"),
			verdict.Metric("search.latency.p99").In(result.Inject).AtMost(verdict.Duration(maxSearchTime)).
				Because("a refusal is quick").Guarding("search.shed-load"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("each answer is right, or an orderly refusal"),
			verdict.Metric("search.ok_ratio").In(result.Inject).Between(verdict.Percent(1), verdict.Percent(12.5)).
				Because("ten times too much: no more than a tenth can be served, and some must"),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)).Because("before the storm it serves all"),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)),
		},
	}
}

// poolUsedUp locks the searched table for longer than anybody should wait: the
// searches that are at it hold their connections, the others wait for one.
func poolUsedUp(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	const wait = 200 * time.Millisecond
	return harness.Scenario{
		Name:        "search/pool-used-up",
		Claim:       "When every connection is taken, a search waits 0.2 s for one and then gets a clear refusal; nobody hangs.",
		Protections: []string{"search.acquire-timeout"},
		World:       profile.World(p.Projects),
		Settings:    map[string]string{"SEARCH_ACQUIRE_TIMEOUT": wait.String(), "SEARCH_STATEMENT_TIMEOUT": "10s", "SEARCH_MAX_QUEUED": "1000"},
		Timeline:    t,
		Load:        []load.Stream{{Name: "search", Profile: load.Throughout(60).Over(t.Phases()), Next: Requests(schema.TermTwoHundred), Expect: load.OrShed(load.Status(200))}},
		Faults:      []harness.Fault{{ID: "locked-table", On: harness.OnPostgres, Kind: fault.LockTable{Table: "search_documents"}}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.p50").In(result.Inject).AtMost(verdict.Duration(2 * wait)).
				Because("most of them wait for a connection, and no longer than they may").Guarding("search.acquire-timeout"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
			verdict.Metric("db.connections.total.max").AtMost(verdict.Count(poolMax)).Because("the pool's own bound"),
		},
	}
}

// lockedTable locks the searched table under a load that leaves connections free.
func lockedTable(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	const statement = 300 * time.Millisecond
	return harness.Scenario{
		Name:        "search/locked-table",
		Claim:       "A migration that locks the table costs each search its statement timeout of 0.3 s, and not one moment more.",
		Protections: []string{"search.statement-timeout"},
		World:       profile.World(p.Projects),
		Settings:    map[string]string{"SEARCH_STATEMENT_TIMEOUT": statement.String()},
		Compressed:  []result.Compressed{{Name: "statement timeout", RealS: 2, UsedS: statement.Seconds(), FactorBy: 2 / statement.Seconds()}},
		Timeline:    t,
		Load:        []load.Stream{{Name: "search", Profile: load.Throughout(12).Over(t.Phases()), Next: Requests(schema.TermTwoHundred), Expect: load.OrShed(load.Status(200))}},
		Faults:      []harness.Fault{{ID: "locked-table", On: harness.OnPostgres, Kind: fault.LockTable{Table: "search_documents"}}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.p90").In(result.Inject).AtMost(verdict.Duration(2 * statement)).
				Because("twice the timeout: it bounds each statement, and the slack is for the machine").Guarding("search.statement-timeout"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
		},
	}
}

// slowDatabase adds 0.6 s to everything that Postgres says.
func slowDatabase(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	return harness.Scenario{
		Name:     "search/slow-database",
		Claim:    "When each word of the database takes 0.6 s, searches end within their bounds and the service recovers by itself.",
		World:    profile.World(p.Projects),
		Settings: map[string]string{"SEARCH_STATEMENT_TIMEOUT": "300ms", "SEARCH_ACQUIRE_TIMEOUT": "300ms"},
		Timeline: t,
		Load:     []load.Stream{{Name: "search", Profile: load.Throughout(30).Over(t.Phases()), Next: Requests(schema.TermEverywhere), Expect: load.OrShed(load.Status(200))}},
		Faults:   []harness.Fault{{ID: "slow", On: harness.OnDatabase, Kind: fault.After(600 * time.Millisecond)}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(2500 * time.Millisecond)).Because("the wait for a connection, the statement's time and the grace around both"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), 1500*time.Millisecond).Because("it recovers"),
		},
	}
}

// cutConnections resets every connection to the database, old and new.
func cutConnections(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	return harness.Scenario{
		Name:     "search/cut-connections",
		Claim:    "While every connection to the database is reset, searches are refused clearly; afterwards the service is well again by itself.",
		World:    profile.World(p.Projects),
		Timeline: t,
		Load:     []load.Stream{{Name: "search", Profile: load.Throughout(30).Over(t.Phases()), Next: Requests(schema.TermEverywhere), Expect: load.OrShed(load.Status(200))}},
		Faults:   []harness.Fault{{ID: "reset", On: harness.OnDatabase, Kind: fault.Reset{}}},
		Checks: []verdict.Check{
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(2500 * time.Millisecond)),
		},
	}
}

// frozen stops the whole process for a while, as a paused machine would.
func frozen(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	return harness.Scenario{
		Name:     "search/frozen",
		Claim:    "A target that is frozen for a while answers all who came meanwhile once it thaws, and is as quick as before.",
		World:    profile.World(p.Projects),
		Settings: map[string]string{"SEARCH_MAX_QUEUED": "1000", "SEARCH_ACQUIRE_TIMEOUT": "5s"},
		Timeline: t,
		Load:     []load.Stream{{Name: "search", Profile: load.Throughout(30).Over(t.Phases()), Next: Requests(schema.TermTwoHundred), Expect: load.OrShed(load.Status(200))}},
		Faults:   []harness.Fault{{ID: "frozen", On: harness.OnTarget, Kind: fault.Pause{}}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(t.Inject + maxSearchTime)).Because("the pause, and what a search may take"),
			verdict.Metric("search.latency.max").AtLeast(verdict.Duration(t.Inject / 2)).Because("who came while it was frozen has waited: a figure below this would hide them"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Inject).AtLeast(verdict.Percent(90)).Because("all are answered but the few whose statement was at the database when its time stood still"),
			verdict.Metric("search.ok_ratio").In(result.Heal).Equals(verdict.Percent(100)),
		},
	}
}
