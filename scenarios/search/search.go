// Package search is what Holdfast can show about the search service: its
// scenarios, its protections and the gains that were promised of it.
//
// Start with popularTerm in this file, the source's own test. Every answer of every
// scenario is held against package model, which knows the one right answer to any
// query: form.go says how, questions.go what is asked.
package search

import (
	"fmt"
	"strconv"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Scenarios lists the scenarios of the search, the quickest to understand first.
func Scenarios(p profile.Profile) []harness.Scenario {
	searches := Of(p.Projects)
	all := []harness.Scenario{
		popularTerm(p, searches, "search/popular-term", p.Projects),
		everyClass(p, searches),
		anyQuestion(p, searches),
		overload(p, searches),
		poolUsedUp(p, searches),
		lockedTable(p, searches),
		slowDatabase(p, searches),
		cutConnections(p, searches),
		callersHangUp(p, searches),
		frozen(p, searches),
		stopped(p, searches),
		scale(p, Of(p.Scale)),
	}
	if p.Large > 0 {
		all = append(all, popularTerm(p, Of(p.Large), "search/popular-term-large", p.Large))
	}
	for i := range all {
		all[i].World.News = profile.SearchNews()
	}
	return all
}

// popularTerm is the source's own test: a term that matches every project,
// searched by 50 at once.
func popularTerm(p profile.Profile, searches Searches, name string, projects int) harness.Scenario {
	t := p.Steady()
	return searches.In(harness.Scenario{
		Name:        name,
		Claim:       fmt.Sprintf("A term that matches all %d projects gives exactly 100 results, the newest, quickly, in less than 100 MB, to 50 who search at once.", projects),
		Protections: []string{"search.sql-limit"},
		Headline:    true,
		World:       profile.World(projects),
		// All 50 are let in at once: a gate before them would hide what each costs.
		Settings: map[string]string{"SEARCH_MAX_CONCURRENT": strconv.Itoa(concurrent), "DB_POOL_MAX": "20", "SEARCH_ACQUIRE_TIMEOUT": "10s", "SEARCH_STATEMENT_TIMEOUT": "10s"},
		Timeline: t,
		Load:     []load.Stream{searches.Served("search", load.Bursts(concurrent, 500*time.Millisecond, t.Total()), Around(schema.TermEverywhere))},
		Checks: []verdict.Check{
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)).Because(sourceSays + ": memory < 100 MB").Guarding("search.sql-limit"),
			verdict.Metric("search.wrong").Equals(verdict.Count(0)).Because(sourceSays + ": exactly 100 results"),
			verdict.Metric("search.failed").Equals(verdict.Count(0)),
			verdict.Metric("search.latency.p99").AtMost(verdict.Duration(maxSearchTime)).Because("the source claims 0.5 to 1 s"),
			verdict.Metric("search.in_flight.max").AtLeast(verdict.Count(concurrent * 9 / 10)).Because("50 at once but for one or another that has ended before the last is sent, or the test shows nothing").OrNotExercised(),
		},
	})
}

// everyClass is everyday load: every class of term at a steady rate, and the one
// right answer to each.
func everyClass(p profile.Profile, searches Searches) harness.Scenario {
	t := p.Steady()
	var streams []load.Stream
	checks := []verdict.Check{}
	classes := termClasses()
	for i, c := range classes {
		streams = append(streams, searches.inTurn(c, i, len(classes), 120, t))
		checks = append(checks,
			verdict.Metric(c.name+".wrong").Equals(verdict.Count(0)).Because("each class has one right answer"),
			verdict.Metric(c.name+".failed").Equals(verdict.Count(0)),
			verdict.Metric(c.name+".latency.max").AtMost(verdict.Duration(maxSearchTime)))
	}
	checks = append(checks, verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)),
		verdict.Metric("db.connections.total.max").AtMost(verdict.Count(poolMax)).Because("the pool's own bound"))
	return searches.In(harness.Scenario{
		Name:     "search/every-class",
		Claim:    "At a steady 120 searches a second every class of term gets its one right answer: everywhere, nowhere, one row, rare and old, one character, wildcards, accents, 200 characters, several words.",
		Headline: true,
		World:    profile.World(p.Projects), Timeline: t, Load: streams, Checks: checks,
	})
}

// anyQuestion asks what nobody thought of: questions of every shape, drawn from the
// run's seed, of data in many languages and scripts; and beside them each of those at
// the edges, and one over and over, whose answer may never change.
func anyQuestion(p profile.Profile, searches Searches) harness.Scenario {
	const projects = 10_000
	if p.Projects != projects { // so many questions could not be answered of many more
		searches = Of(projects)
	}
	t := harness.Timeline{WarmUp: p.WarmUp, Baseline: min(p.Phase*3/2, 20*time.Second)}
	further := furtherProjects(projects)
	searches = searches.with(further)
	world := worldWith(projects, further)
	world.Facts["further projects"] = strconv.Itoa(len(further))
	const one = 20 // how often the same is asked in a second
	streams := []load.Stream{
		searches.Served("search", load.Throughout(80).Over(t.Phases()), searches.Any),
		searches.inOrder("edges", load.Throughout(float64(len(edges))/t.Baseline.Seconds()).Over(t.Phases()), edges),
		searches.Served("again", load.Throughout(one).Over(t.Phases()), Only(schema.TermHalfPercent)),
	}
	checks := []verdict.Check{
		verdict.Metric("search.wrong").Equals(verdict.Count(0)).Because("each question has one right answer, which a model knows").Guarding("search.literal-wildcards"),
		verdict.Metric("edges.wrong").Equals(verdict.Count(0)).Because("what has a meaning in a LIKE pattern stands for itself").Guarding("search.literal-wildcards"),
		verdict.Metric("again.errors.check_exact").Equals(verdict.Count(0)).Because("the same query has the same answer, newest first, every time").Guarding("search.stable-order"),
		verdict.Metric("edges.errors.status_200").Equals(verdict.Count(0)).Because("a query of 201 characters or of 5,000 is a bad one").Guarding("search.query-length"),
		verdict.Metric("edges.errors.status_400").Equals(verdict.Count(0)).Because("a query of 200 characters is not: characters count, not bytes"),
	}
	for _, stream := range streams {
		checks = append(checks, verdict.Metric(stream.Name+".failed").Equals(verdict.Count(0)))
	}
	return searches.In(harness.Scenario{
		Name:        "search/any-question",
		Claim:       "Whatever is asked, one to four words, parts of them, words that are nowhere, in any case and order, with accents or without, %, _ and \\ among them, gets the one right answer, newest first, and a bad query a clear 400.",
		Protections: []string{"search.stable-order", "search.literal-wildcards", "search.query-length"},
		World:       world, Timeline: t, Load: streams, Checks: checks,
	})
}

// scale searches a million projects, each class of term at its own limit.
func scale(p profile.Profile, searches Searches) harness.Scenario {
	const total = 50.0
	t := harness.Timeline{WarmUp: 3 * time.Second, Baseline: 10 * p.Phase}
	var streams []load.Stream
	var checks []verdict.Check
	classes := termClasses()
	for i, c := range classes {
		limit := 100 * time.Millisecond
		if c.easy {
			limit = 10 * time.Millisecond
		}
		streams = append(streams, searches.inTurn(c, i, len(classes), total, t))
		checks = append(checks, verdict.Metric(c.name+".latency.p99").AtMost(verdict.Duration(limit)), verdict.Metric(c.name+".failed").Equals(verdict.Count(0)))
	}
	checks = append(checks, verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)).AsPrimary())
	return searches.In(harness.Scenario{
		Name:  "search/scale",
		Claim: fmt.Sprintf("At %d projects and a steady 50 searches a second every class of term is answered in time, in less than 100 MB.", p.Scale),
		Slow:  true,
		World: profile.World(p.Scale), Timeline: t, Load: streams, Checks: checks,
	})
}
