package search

import (
	"fmt"
	"strconv"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// memoryOfACrash is the limit under which the source's search is killed: the
// "memory < 100MB" of its own test, as a limit.
const memoryOfACrash = 100 << 20

// Promises are the source's claims about the search, at the sizes that it names.
func Promises(p profile.Profile, of Sized, protections []harness.Protection) []harness.Promise {
	var all []harness.Promise
	for _, projects := range gainSizes(p) {
		all = append(all, PromisesOf(p, of(projects), protections)...)
	}
	return all
}

// PromisesOf are those claims about one search, over the data that it has.
func PromisesOf(p profile.Profile, one contract.Search, protections []harness.Protection) []harness.Promise {
	where := map[string]string{one.Kind: strconv.Itoa(one.Items)}
	before := profile.Without(protections, "search.sql-limit")
	return []harness.Promise{
		{
			Name: "search: killed for memory", Claimed: "−100 % OOM: 10,000 objects in memory → LIMIT in SQL", Where: where,
			Scenario: searchKilled(p, &service{Search: one}), Before: before, Metric: one.Program + ".unexpected_ends", Gain: 1, MemoryLimit: crashes(one),
		},
		{
			Name: "search: latency", Claimed: "−90 % latency: 5–10 s → 0.5–1 s", Where: where,
			Scenario: searchAlone(p, &service{Search: one}), Before: before, Metric: "search.latency.p50", Gain: 0.9,
		},
	}
}

// crashes is the limit under which the search is killed: the service's own, where it has
// another than the source.
func crashes(one contract.Search) uint64 {
	if one.Memory == profile.MaxMemory {
		return memoryOfACrash
	}
	return uint64(one.Memory)
}

// Growth is how memory and latency grow with the number of projects.
func Growth(p profile.Profile, of Sized, protections []harness.Protection) harness.Growth {
	growth := harness.Growth{
		Names: []string{"search: peak memory", "search: p90 of one search at a time"}, X: of(p.Projects).Kind, Before: profile.Without(protections, "search.sql-limit"),
		Metrics: []string{"target.rss_peak.max", "search.latency.p90"},
	}
	for n := 1000; n <= p.Scale; n *= 10 {
		one := &service{Search: of(n)}
		s := searchAlone(p, one)
		s.Checks = append(s.Checks, verdict.Metric(one.peak()).Below(verdict.Bytes(one.Memory)),
			verdict.Metric("search.latency.p90").AtMost(verdict.Duration(one.Time)))
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
func searchKilled(p profile.Profile, s *service) harness.Scenario {
	sc := popularTerm(p, s, fmt.Sprintf("gains/search-memory-%d", s.Items))
	sc.World.News = nil // it is counted, not judged
	sc.Checks = append(sc.Checks, verdict.Metric(s.Program+".unexpected_ends").Equals(verdict.Count(0)))
	return sc
}

// searchAlone is one who searches for a popular term when nobody else does.
func searchAlone(p profile.Profile, s *service) harness.Scenario {
	t := p.Steady()
	const rate = 4
	s.give(contract.StatementTimeout, "1m")
	stream := s.Served("search", load.Throughout(rate).Over(t.Phases()), contract.Only(s.term(contract.Everywhere)))
	stream.MaxInFlight = 1000
	sc := s.in(harness.Scenario{
		Name: fmt.Sprintf("gains/search-latency-%d", s.Items), Claim: "What one search for a popular term takes.",
		Timeline: t, Load: []load.Stream{stream},
		Checks: []verdict.Check{verdict.Metric("search.latency.p50").AtMost(verdict.Duration(s.Time)).Because(s.inTime())},
	})
	sc.World.News = nil
	return sc
}
