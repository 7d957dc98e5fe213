package scenarios

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reference/schema"
)

// Numbers of the source, and the clock slack that limits on time are given.
const (
	maxResults     = 100         // MAX_SEARCH_RESULTS
	maxMemory      = 100e6       // "mémoire < 100MB", read strictly: 100,000,000 bytes
	maxSearchTime  = time.Second // "5-10s → 0.5-1s"
	concurrent     = 50          // how many search at once in the source's own test
	maxQueryLength = 200         // characters
	sourceSays     = "the source's own recommended test"
)

func searchScenarios(p Profile) []harness.Scenario {
	all := []harness.Scenario{
		popularTerm(p, "search/popular-term", p.Projects),
		everyClass(p),
		steadyMix(p),
		newestFirst(p),
		literalWildcards(p),
		longQuery(p),
		overload(p),
		poolUsedUp(p),
		lockedTable(p),
		slowDatabase(p),
		cutConnections(p),
		frozen(p),
		scale(p),
	}
	if p.Large > 0 {
		all = append(all, popularTerm(p, "search/popular-term-large", p.Large))
	}
	return all
}

// popularTerm is the source's own test: a term that matches every project,
// searched by 50 at once.
func popularTerm(p Profile, name string, projects int) harness.Scenario {
	t := p.steady()
	return harness.Scenario{
		Name:        name,
		Claim:       fmt.Sprintf("A term that matches all %d projects gives exactly 100 results, quickly, in less than 100 MB, to 50 who search at once.", projects),
		Protections: []string{"search.sql-limit"},
		Headline:    true,
		World:       world(projects),
		// All 50 are let in at once: a gate before them would hide what each costs.
		Settings: map[string]string{"SEARCH_MAX_CONCURRENT": strconv.Itoa(concurrent), "DB_POOL_MAX": "20", "SEARCH_ACQUIRE_TIMEOUT": "10s", "SEARCH_STATEMENT_TIMEOUT": "10s"},
		Timeline: t,
		Load: []load.Stream{{
			Name: "search", Profile: load.Bursts(concurrent, 500*time.Millisecond, t.Total()),
			Next: searching(schema.TermEverywhere), Expect: exactly(schema.TermEverywhere, projects),
		}},
		Checks: []verdict.Check{
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(maxMemory)).Because(sourceSays + ": memory < 100 MB").Guarding("search.sql-limit"),
			verdict.Metric("search.wrong").Equals(verdict.Count(0)).Because(sourceSays + ": exactly 100 results"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)),
			verdict.Metric("search.latency.p99").AtMost(verdict.Duration(maxSearchTime)).Because("the source claims 0.5 to 1 s"),
			verdict.Metric("search.in_flight.max").AtLeast(verdict.Count(concurrent)).Because("50 at once, or the test shows nothing").OrNotExercised(),
		},
	}
}

// everyClass asks every class of term, and expects the one right answer to each.
func everyClass(p Profile) harness.Scenario {
	t := p.steady()
	var streams []load.Stream
	holds := []verdict.Check{}
	classes := termClasses(p.Projects)
	for i, c := range classes {
		streams = append(streams, inTurn(c, i, len(classes), 120, t))
		holds = append(holds,
			verdict.Metric(c.name+".wrong").Equals(verdict.Count(0)).Because("each class has one right answer"),
			verdict.Metric(c.name+".failed").Equals(verdict.Count(0)),
			verdict.Metric(c.name+".latency.max").AtMost(verdict.Duration(maxSearchTime)))
	}
	holds = append(holds, verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(maxMemory)))
	return harness.Scenario{
		Name:  "search/every-class",
		Claim: "Every class of term gets its one right answer: everywhere, nowhere, one row, rare and old, one character, wildcards, accents, 200 characters, several words.",
		World: world(p.Projects), Timeline: t, Load: streams, Checks: holds,
	}
}

// steadyMix is everyday load: all classes of term at a steady rate.
func steadyMix(p Profile) harness.Scenario {
	t := p.steady()
	queries := make([]string, 0, 16)
	for _, c := range termClasses(p.Projects) {
		queries = append(queries, c.query)
	}
	return harness.Scenario{
		Name:     "search/steady-mix",
		Claim:    "At a steady 120 searches a second of all kinds, answers are quick and memory stays low.",
		Headline: true,
		World:    world(p.Projects), Timeline: t,
		Load: []load.Stream{{Name: "search", Profile: load.Constant(120, t.Total()), Next: searching(queries...), Expect: load.Status(200)}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.p99").AtMost(verdict.Duration(maxSearchTime)).Because("the source claims 0.5 to 1 s"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)),
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(maxMemory)),
			verdict.Metric("db.connections.total.max").AtMost(verdict.Count(poolMax)).Because("the pool's own bound"),
		},
	}
}

// newestFirst asks one query over and over: its answer may never change.
func newestFirst(p Profile) harness.Scenario {
	t := p.quick()
	return harness.Scenario{
		Name:        "search/newest-first",
		Claim:       "The same query gives the same results in the same order, newest first, every time.",
		Protections: []string{"search.stable-order"},
		World:       world(p.Projects), Timeline: t,
		Load: []load.Stream{{Name: "search", Profile: load.Constant(50, t.Total()), Next: searching(schema.TermHalfPercent), Expect: exactly(schema.TermHalfPercent, p.Projects)}},
		Checks: []verdict.Check{
			verdict.Metric("search.errors.check_exact").Equals(verdict.Count(0)).Guarding("search.stable-order"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)),
		},
	}
}

// literalWildcards searches for what has a meaning in a LIKE pattern.
func literalWildcards(p Profile) harness.Scenario {
	t := p.quick()
	var streams []load.Stream
	var holds []verdict.Check
	for _, c := range []struct{ name, query string }{{"percent", schema.TermPercent}, {"underscore", schema.TermUnderscore}, {"backslash", schema.TermBackslash}} {
		streams = append(streams, load.Stream{Name: c.name, Profile: load.Constant(20, t.Total()), Next: searching(c.query), Expect: exactly(c.query, p.Projects)})
		holds = append(holds, verdict.Metric(c.name+".wrong").Equals(verdict.Count(0)).
			Because("as many projects hold what the pattern would match by mistake").Guarding("search.literal-wildcards"))
	}
	return harness.Scenario{
		Name:        "search/literal-wildcards",
		Claim:       `%, _ and \ are found as they stand, and match nothing else.`,
		Protections: []string{"search.literal-wildcards"},
		World:       world(p.Projects), Timeline: t, Load: streams, Checks: holds,
	}
}

// longQuery sends queries just within the bound, just beyond it and far beyond.
func longQuery(p Profile) harness.Scenario {
	t := p.quick()
	stream := func(name string, length, status int) load.Stream {
		return load.Stream{Name: name, Profile: load.Constant(20, t.Total()), Next: searching(strings.Repeat("é", length)), Expect: load.Status(status)}
	}
	return harness.Scenario{
		Name:        "search/long-query",
		Claim:       "A query of 200 characters is answered; one of 201, or of 5,000, is refused with 400.",
		Protections: []string{"search.query-length"},
		World:       world(p.Projects), Timeline: t,
		Load: []load.Stream{stream("longest", maxQueryLength, 200), stream("too-long", maxQueryLength+1, 400), stream("far-too-long", 5000, 400)},
		Checks: []verdict.Check{
			verdict.Metric("too-long.status.200").Equals(verdict.Count(0)).Guarding("search.query-length"),
			verdict.Metric("far-too-long.status.200").Equals(verdict.Count(0)).Guarding("search.query-length"),
			verdict.Metric("too-long.failed").Equals(verdict.Count(0)).Because("the refusal is 400"),
			verdict.Metric("longest.failed").Equals(verdict.Count(0)).Because("characters count, not bytes"),
		},
	}
}

// overload makes the database so slow that what the target can serve is known
// whatever the machine, and then asks ten times as much.
func overload(p Profile) harness.Scenario {
	t := p.disturbed()
	const calm, storm = 5, 400
	profile := load.Sequence(
		load.Constant(calm, t.Start(result.Inject)), load.Constant(storm, t.Inject), load.Constant(calm, t.Heal))
	return harness.Scenario{
		Name:        "search/overload",
		Claim:       "Asked for ten times what it can serve, the target refuses the rest at once with 503 and Retry-After, what it accepts stays quick, and it recovers.",
		Protections: []string{"search.shed-load"},
		Headline:    true,
		World:       world(p.Projects),
		Settings:    map[string]string{"SEARCH_MAX_QUEUED": "8", "SEARCH_ACQUIRE_TIMEOUT": "2s"},
		Timeline:    t,
		Load:        []load.Stream{{Name: "search", Profile: profile, Next: searching(schema.TermEverywhere), Expect: load.OrShed(exactly(schema.TermEverywhere, p.Projects))}},
		Faults: []harness.Fault{{
			ID: "slow-database", On: harness.OnDatabase, Kind: chaos.Delay{Each: 50 * time.Millisecond}, During: harness.Throughout,
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
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(maxMemory)),
		},
	}
}

// poolUsedUp locks the searched table for longer than anybody should wait: the
// searches that are at it hold their connections, the others wait for one.
func poolUsedUp(p Profile) harness.Scenario {
	t := p.disturbed()
	const wait = 200 * time.Millisecond
	return harness.Scenario{
		Name:        "search/pool-used-up",
		Claim:       "When every connection is taken, a search waits 0.2 s for one and then gets a clear refusal; nobody hangs.",
		Protections: []string{"search.acquire-timeout"},
		World:       world(p.Projects),
		Settings:    map[string]string{"SEARCH_ACQUIRE_TIMEOUT": wait.String(), "SEARCH_STATEMENT_TIMEOUT": "10s", "SEARCH_MAX_QUEUED": "1000"},
		Timeline:    t,
		Load:        []load.Stream{{Name: "search", Profile: load.Constant(60, t.Total()), Next: searching(schema.TermTwoHundred), Expect: load.OrShed(load.Status(200))}},
		Faults:      []harness.Fault{{ID: "locked-table", On: harness.OnPostgres, Kind: chaos.LockTable{Table: "search_documents"}}},
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
func lockedTable(p Profile) harness.Scenario {
	t := p.disturbed()
	const statement = 300 * time.Millisecond
	return harness.Scenario{
		Name:        "search/locked-table",
		Claim:       "A migration that locks the table costs each search its statement timeout of 0.3 s, and not one moment more.",
		Protections: []string{"search.statement-timeout"},
		World:       world(p.Projects),
		Settings:    map[string]string{"SEARCH_STATEMENT_TIMEOUT": statement.String()},
		Compressed:  []result.Compressed{{Name: "statement timeout", RealS: 2, UsedS: statement.Seconds(), FactorBy: 2 / statement.Seconds()}},
		Timeline:    t,
		Load:        []load.Stream{{Name: "search", Profile: load.Constant(12, t.Total()), Next: searching(schema.TermTwoHundred), Expect: load.OrShed(load.Status(200))}},
		Faults:      []harness.Fault{{ID: "locked-table", On: harness.OnPostgres, Kind: chaos.LockTable{Table: "search_documents"}}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.p90").In(result.Inject).AtMost(verdict.Duration(2 * statement)).
				Because("twice the timeout: it bounds each statement, and the slack is for the machine").Guarding("search.statement-timeout"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
		},
	}
}

// slowDatabase adds 0.6 s to everything that Postgres says.
func slowDatabase(p Profile) harness.Scenario {
	t := p.disturbed()
	return harness.Scenario{
		Name:     "search/slow-database",
		Claim:    "When each word of the database takes 0.6 s, searches end within their bounds and the service recovers by itself.",
		World:    world(p.Projects),
		Settings: map[string]string{"SEARCH_STATEMENT_TIMEOUT": "300ms", "SEARCH_ACQUIRE_TIMEOUT": "300ms"},
		Timeline: t,
		Load:     []load.Stream{{Name: "search", Profile: load.Constant(30, t.Total()), Next: searching(schema.TermEverywhere), Expect: load.OrShed(load.Status(200))}},
		Faults:   []harness.Fault{{ID: "slow", On: harness.OnDatabase, Kind: chaos.Delay{Each: 600 * time.Millisecond}}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(2500 * time.Millisecond)).Because("the wait for a connection, the statement's time and the grace around both"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), 1500*time.Millisecond).Because("it recovers"),
		},
	}
}

// cutConnections resets every connection to the database, old and new.
func cutConnections(p Profile) harness.Scenario {
	t := p.disturbed()
	return harness.Scenario{
		Name:     "search/cut-connections",
		Claim:    "While every connection to the database is reset, searches are refused clearly; afterwards the service is well again by itself.",
		World:    world(p.Projects),
		Timeline: t,
		Load:     []load.Stream{{Name: "search", Profile: load.Constant(30, t.Total()), Next: searching(schema.TermEverywhere), Expect: load.OrShed(load.Status(200))}},
		Faults:   []harness.Fault{{ID: "reset", On: harness.OnDatabase, Kind: chaos.Reset{}}},
		Checks: []verdict.Check{
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.rate.shed_by_target").In(result.Heal).FallsTo(verdict.PerSecond(0), time.Second).Because("it recovers"),
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(2500 * time.Millisecond)),
		},
	}
}

// frozen stops the whole process for a while, as a paused machine would.
func frozen(p Profile) harness.Scenario {
	t := p.disturbed()
	return harness.Scenario{
		Name:     "search/frozen",
		Claim:    "A target that is frozen for a while answers all who came meanwhile once it thaws, and is as quick as before.",
		World:    world(p.Projects),
		Settings: map[string]string{"SEARCH_MAX_QUEUED": "1000", "SEARCH_ACQUIRE_TIMEOUT": "5s"},
		Timeline: t,
		Load:     []load.Stream{{Name: "search", Profile: load.Constant(30, t.Total()), Next: searching(schema.TermTwoHundred), Expect: load.OrShed(load.Status(200))}},
		Faults:   []harness.Fault{{ID: "frozen", On: harness.OnTarget, Kind: chaos.Pause{}}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.max").AtMost(verdict.Duration(t.Inject + maxSearchTime)).Because("the pause, and what a search may take"),
			verdict.Metric("search.latency.max").AtLeast(verdict.Duration(t.Inject / 2)).Because("who came while it was frozen has waited: a figure below this would hide them"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)).Because("a refusal is 503 with Retry-After, and nothing else"),
			verdict.Metric("search.ok_ratio").In(result.Inject).AtLeast(verdict.Percent(90)).Because("all are answered but the few whose statement was at the database when its time stood still"),
			verdict.Metric("search.ok_ratio").In(result.Heal).Equals(verdict.Percent(100)),
		},
	}
}

// scale searches a million projects, each class of term at its own limit.
func scale(p Profile) harness.Scenario {
	const total = 50.0
	t := harness.Timeline{WarmUp: 3 * time.Second, Baseline: 10 * p.Phase}
	var streams []load.Stream
	var holds []verdict.Check
	classes := termClasses(p.Scale)
	for i, c := range classes {
		limit := 100 * time.Millisecond
		if c.easy {
			limit = 10 * time.Millisecond
		}
		streams = append(streams, inTurn(c, i, len(classes), total, t))
		holds = append(holds, verdict.Metric(c.name+".latency.p99").AtMost(verdict.Duration(limit)), verdict.Metric(c.name+".failed").Equals(verdict.Count(0)))
	}
	holds = append(holds, verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(maxMemory)).Decisive())
	return harness.Scenario{
		Name:  "search/scale",
		Claim: fmt.Sprintf("At %d projects and a steady 50 searches a second every class of term is answered in time, in less than 100 MB.", p.Scale),
		Slow:  true,
		World: world(p.Scale), Timeline: t, Load: streams, Checks: holds,
	}
}

// inTurn is the stream of one class among several that together make a steady
// rate: each begins one turn after the other, for streams of the same rate that
// begin at once would be bursts.
func inTurn(c termClass, i, of int, total float64, t harness.Timeline) load.Stream {
	startAt := time.Duration(float64(i) / total * float64(time.Second))
	return load.Stream{
		Name: c.name, StartAt: startAt, Profile: load.Constant(total/float64(of), t.Total()-startAt),
		Next: searching(c.query), Expect: c.expect,
	}
}

// searching asks the queries in turn, from a place that the run's seed decides.
func searching(queries ...string) func(int64, *rand.Rand) load.Request {
	paths := make([]string, len(queries))
	for i, q := range queries {
		paths[i] = "/search?q=" + url.QueryEscape(q)
	}
	return func(_ int64, r *rand.Rand) load.Request {
		return load.Request{Path: paths[r.IntN(len(paths))]}
	}
}
