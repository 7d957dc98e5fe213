package search

import (
	"fmt"
	"strconv"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/profile"
)

// memoryOfACrash is the limit under which the source's search is killed: the
// "memory < 100MB" of its own test, as a limit.
const memoryOfACrash = 100 << 20

// Promises are the source's claims about the search, at the sizes that it names.
func Promises(p profile.Profile) []harness.Promise {
	var all []harness.Promise
	for _, projects := range gainSizes(p) {
		where := map[string]string{"projects": strconv.Itoa(projects)}
		all = append(all,
			harness.Promise{
				Name: "search: killed for memory", Claimed: "−100 % OOM: 10,000 objects in memory → LIMIT in SQL", Where: where,
				Scenario: searchKilled(p, projects), Before: profile.Without(Protections(), "search.sql-limit"),
				Metric: "target.unexpected_ends", Gain: 1, MemoryLimit: memoryOfACrash,
			},
			harness.Promise{
				Name: "search: latency", Claimed: "−90 % latency: 5–10 s → 0.5–1 s", Where: where,
				Scenario: searchAlone(p, projects), Before: profile.Without(Protections(), "search.sql-limit"),
				Metric: "search.latency.p50", Gain: 0.9,
			})
	}
	return all
}

// Growth is how memory and latency grow with the number of projects.
func Growth(p profile.Profile) harness.Growth {
	growth := harness.Growth{
		Names: []string{"search: peak memory", "search: p90 of one search at a time"}, X: "projects", Before: profile.Without(Protections(), "search.sql-limit"),
		Metrics: []string{"target.rss_peak.max", "search.latency.p90"},
	}
	for n := 1000; n <= p.Scale; n *= 10 {
		s := searchAlone(p, n)
		s.Checks = append(s.Checks, verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)),
			verdict.Metric("search.latency.p90").AtMost(verdict.Duration(maxSearchTime)))
		growth.Sizes = append(growth.Sizes, harness.Size{X: float64(n), Scenario: s, AfterOnly: n > 100_000})
	}
	return growth
}

func gainSizes(p profile.Profile) []int {
	if p.Large == 0 {
		return []int{p.Projects}
	}
	return []int{p.Projects, p.Large}
}

// searchKilled is the source's own test: a popular term, 50 at once.
func searchKilled(p profile.Profile, projects int) harness.Scenario {
	s := popularTerm(p, Of(projects), fmt.Sprintf("gains/search-memory-%d", projects), projects)
	s.Checks = append(s.Checks, verdict.Metric("target.unexpected_ends").Equals(verdict.Count(0)))
	return s
}

// searchAlone is one who searches for a popular term when nobody else does.
func searchAlone(p profile.Profile, projects int) harness.Scenario {
	t := p.Steady()
	const rate = 4
	searches := Of(projects)
	stream := searches.Served("search", load.Throughout(rate).Over(t.Phases()), Only(schema.TermEverywhere))
	stream.MaxInFlight = 1000
	return searches.In(harness.Scenario{
		Name: fmt.Sprintf("gains/search-latency-%d", projects), Claim: "What one search for a popular term takes.",
		World: profile.World(projects), Timeline: t,
		Settings: map[string]string{"SEARCH_STATEMENT_TIMEOUT": "1m"},
		Load:     []load.Stream{stream},
		Checks:   []verdict.Check{verdict.Metric("search.latency.p50").AtMost(verdict.Duration(maxSearchTime)).Because("the source claims 0.5 to 1 s")},
	})
}
