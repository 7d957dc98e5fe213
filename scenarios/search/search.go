// Package search is what Holdfast can show about the search service: its
// scenarios, its protections and the gains that were promised of it.
//
// Start with popularTerm in this file, the source's own test; answers.go says
// what the one right answer to a query is.
package search

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Scenarios lists the scenarios of the search, the quickest to understand first.
func Scenarios(p profile.Profile) []harness.Scenario {
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
	for i := range all {
		all[i].World.News = profile.SearchNews()
	}
	return all
}

// popularTerm is the source's own test: a term that matches every project,
// searched by 50 at once.
func popularTerm(p profile.Profile, name string, projects int) harness.Scenario {
	t := p.Steady()
	return harness.Scenario{
		Name:        name,
		Claim:       fmt.Sprintf("A term that matches all %d projects gives exactly 100 results, quickly, in less than 100 MB, to 50 who search at once.", projects),
		Protections: []string{"search.sql-limit"},
		Headline:    true,
		World:       profile.World(projects),
		// All 50 are let in at once: a gate before them would hide what each costs.
		Settings: map[string]string{"SEARCH_MAX_CONCURRENT": strconv.Itoa(concurrent), "DB_POOL_MAX": "20", "SEARCH_ACQUIRE_TIMEOUT": "10s", "SEARCH_STATEMENT_TIMEOUT": "10s"},
		Timeline: t,
		Load: []load.Stream{{
			Name: "search", Profile: load.Bursts(concurrent, 500*time.Millisecond, t.Total()),
			Next: Requests(schema.TermEverywhere), Expect: exactly(schema.TermEverywhere, projects),
		}},
		Checks: []verdict.Check{
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)).Because(sourceSays + ": memory < 100 MB").Guarding("search.sql-limit"),
			verdict.Metric("search.wrong").Equals(verdict.Count(0)).Because(sourceSays + ": exactly 100 results"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)),
			verdict.Metric("search.latency.p99").AtMost(verdict.Duration(maxSearchTime)).Because("the source claims 0.5 to 1 s"),
			verdict.Metric("search.in_flight.max").AtLeast(verdict.Count(concurrent * 9 / 10)).Because("50 at once but for one or another that has ended before the last is sent, or the test shows nothing").OrNotExercised(),
		},
	}
}

// everyClass asks every class of term, and expects the one right answer to each.
func everyClass(p profile.Profile) harness.Scenario {
	t := p.Steady()
	var streams []load.Stream
	checks := []verdict.Check{}
	classes := termClasses(p.Projects)
	for i, c := range classes {
		streams = append(streams, inTurn(c, i, len(classes), 120, t))
		checks = append(checks,
			verdict.Metric(c.name+".wrong").Equals(verdict.Count(0)).Because("each class has one right answer"),
			verdict.Metric(c.name+".failed").Equals(verdict.Count(0)),
			verdict.Metric(c.name+".latency.max").AtMost(verdict.Duration(maxSearchTime)))
	}
	checks = append(checks, verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)))
	return harness.Scenario{
		Name:  "search/every-class",
		Claim: "Every class of term gets its one right answer: everywhere, nowhere, one row, rare and old, one character, wildcards, accents, 200 characters, several words.",
		World: profile.World(p.Projects), Timeline: t, Load: streams, Checks: checks,
	}
}

// steadyMix is everyday load: all classes of term at a steady rate.
func steadyMix(p profile.Profile) harness.Scenario {
	t := p.Steady()
	queries := make([]string, 0, 16)
	for _, c := range termClasses(p.Projects) {
		queries = append(queries, c.query)
	}
	return harness.Scenario{
		Name:     "search/steady-mix",
		Claim:    "At a steady 120 searches a second of all kinds, answers are quick and memory stays low.",
		Headline: true,
		World:    profile.World(p.Projects), Timeline: t,
		Load: []load.Stream{{Name: "search", Profile: load.Throughout(120).Over(t.Phases()), Next: Requests(queries...), Expect: load.Status(200)}},
		Checks: []verdict.Check{
			verdict.Metric("search.latency.p99").AtMost(verdict.Duration(maxSearchTime)).Because("the source claims 0.5 to 1 s"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)),
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)),
			verdict.Metric("db.connections.total.max").AtMost(verdict.Count(poolMax)).Because("the pool's own bound"),
		},
	}
}

// newestFirst asks one query over and over: its answer may never change.
func newestFirst(p profile.Profile) harness.Scenario {
	t := p.Quick()
	return harness.Scenario{
		Name:        "search/newest-first",
		Claim:       "The same query gives the same results in the same order, newest first, every time.",
		Protections: []string{"search.stable-order"},
		World:       profile.World(p.Projects), Timeline: t,
		Load: []load.Stream{{Name: "search", Profile: load.Throughout(50).Over(t.Phases()), Next: Requests(schema.TermHalfPercent), Expect: exactly(schema.TermHalfPercent, p.Projects)}},
		Checks: []verdict.Check{
			verdict.Metric("search.errors.check_exact").Equals(verdict.Count(0)).Guarding("search.stable-order"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)),
		},
	}
}

// literalWildcards searches for what has a meaning in a LIKE pattern.
func literalWildcards(p profile.Profile) harness.Scenario {
	t := p.Quick()
	var streams []load.Stream
	var checks []verdict.Check
	for _, c := range []struct{ name, query string }{{"percent", schema.TermPercent}, {"underscore", schema.TermUnderscore}, {"backslash", schema.TermBackslash}} {
		streams = append(streams, load.Stream{Name: c.name, Profile: load.Throughout(20).Over(t.Phases()), Next: Requests(c.query), Expect: exactly(c.query, p.Projects)})
		checks = append(checks, verdict.Metric(c.name+".wrong").Equals(verdict.Count(0)).
			Because("as many projects hold what the pattern would match by mistake").Guarding("search.literal-wildcards"))
	}
	return harness.Scenario{
		Name:        "search/literal-wildcards",
		Claim:       `%, _ and \ are found as they stand, and match nothing else.`,
		Protections: []string{"search.literal-wildcards"},
		World:       profile.World(p.Projects), Timeline: t, Load: streams, Checks: checks,
	}
}

// longQuery sends queries just within the bound, just beyond it and far beyond.
func longQuery(p profile.Profile) harness.Scenario {
	t := p.Quick()
	stream := func(name string, length, status int) load.Stream {
		return load.Stream{Name: name, Profile: load.Throughout(20).Over(t.Phases()), Next: Requests(strings.Repeat("é", length)), Expect: load.Status(status)}
	}
	return harness.Scenario{
		Name:        "search/long-query",
		Claim:       "A query of 200 characters is answered; one of 201, or of 5,000, is refused with 400.",
		Protections: []string{"search.query-length"},
		World:       profile.World(p.Projects), Timeline: t,
		Load: []load.Stream{stream("longest", maxQueryLength, 200), stream("too-long", maxQueryLength+1, 400), stream("far-too-long", 5000, 400)},
		Checks: []verdict.Check{
			verdict.Metric("too-long.status.200").Equals(verdict.Count(0)).Guarding("search.query-length"),
			verdict.Metric("far-too-long.status.200").Equals(verdict.Count(0)).Guarding("search.query-length"),
			verdict.Metric("too-long.failed").Equals(verdict.Count(0)).Because("the refusal is 400"),
			verdict.Metric("longest.failed").Equals(verdict.Count(0)).Because("characters count, not bytes"),
		},
	}
}

// scale searches a million projects, each class of term at its own limit.
func scale(p profile.Profile) harness.Scenario {
	const total = 50.0
	t := harness.Timeline{WarmUp: 3 * time.Second, Baseline: 10 * p.Phase}
	var streams []load.Stream
	var checks []verdict.Check
	classes := termClasses(p.Scale)
	for i, c := range classes {
		limit := 100 * time.Millisecond
		if c.easy {
			limit = 10 * time.Millisecond
		}
		streams = append(streams, inTurn(c, i, len(classes), total, t))
		checks = append(checks, verdict.Metric(c.name+".latency.p99").AtMost(verdict.Duration(limit)), verdict.Metric(c.name+".failed").Equals(verdict.Count(0)))
	}
	checks = append(checks, verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)).AsPrimary())
	return harness.Scenario{
		Name:  "search/scale",
		Claim: fmt.Sprintf("At %d projects and a steady 50 searches a second every class of term is answered in time, in less than 100 MB.", p.Scale),
		Slow:  true,
		World: profile.World(p.Scale), Timeline: t, Load: streams, Checks: checks,
	}
}
