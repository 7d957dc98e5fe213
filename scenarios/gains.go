package scenarios

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reference/schema"
)

// memoryOfACrash is the limit under which the source's search is killed: the
// "memory < 100MB" of its own test, as a limit.
const memoryOfACrash = 100 << 20

// Promises are the rows of the source's own table of gains, at the sizes that it
// names, with the load of its own recommended tests.
func Promises(p Profile) []harness.Promise {
	var all []harness.Promise
	for _, projects := range gainSizes(p) {
		where := map[string]string{"projects": strconv.Itoa(projects)}
		all = append(all,
			harness.Promise{
				Name: "search: killed for memory", Claimed: "−100 % OOM: 10,000 objects in memory → LIMIT in SQL", Where: where,
				Scenario: searchKilled(p, projects), Before: without("search.sql-limit"),
				Metric: "target.unexpected_ends", Gain: 1, MemoryLimit: memoryOfACrash,
			},
			harness.Promise{
				Name: "search: latency", Claimed: "−90 % latency: 5–10 s → 0.5–1 s", Where: where,
				Scenario: searchAlone(p, projects), Before: without("search.sql-limit"),
				Metric: "search.latency.p50", Gain: 0.9,
			})
	}
	for _, oracles := range []int{100, 1000} {
		where := map[string]string{"active oracles": strconv.Itoa(oracles)}
		all = append(all,
			harness.Promise{
				Name: "oracles: calls", Claimed: "−90 % API calls: 100 oracles → 10 at most", Where: where,
				Scenario: oracleCalls(p, oracles), Before: without("oracle.cap"),
				Metric: "oracle_api.calls_per_request", Gain: 0.9,
			},
			harness.Promise{
				Name: "oracles: requests that are never answered", Claimed: "−100 % timeouts: blocked for ever → a timeout that is dealt with", Where: where,
				Scenario: oracleBlocked(p, oracles), Before: without(sourceBefore...),
				Metric: "impact.failed", Gain: 1,
			})
	}
	refused := refusedKey(p)
	refused.Name, refused.Headline, refused.Timeline = "gains/refused-key", false, withDrain(refused.Timeline, 5*time.Second)
	where := map[string]string{"tasks with a refused key": strconv.Itoa(p.Refused)}
	before := without("task.classify-errors", "task.max-retries")
	return append(all,
		harness.Promise{
			Name: "tasks: retries of a permanent error", Claimed: "−100 % retries without end: only temporary errors are tried again", Where: where,
			Scenario: refused, Before: before, Metric: "mail_api.retries", Gain: 1,
		},
		harness.Promise{
			Name: "tasks: still in the queue 5 s after the last", Claimed: "−100 % queue saturation: the queue is clean", Where: where,
			Scenario: refused, Before: before, Metric: "tasks.unfinished", Gain: 1,
		})
}

// Growths are the curves behind "good for 100,000 projects, for millions, for
// thousands of oracles".
func Growths(p Profile) []harness.Growth {
	search := harness.Growth{
		Names: []string{"search: peak memory", "search: p90 of one search at a time"}, X: "projects", Before: without("search.sql-limit"),
		Metrics: []string{"target.rss_peak.max", "search.latency.p90"},
	}
	for n := 1000; n <= p.Scale; n *= 10 {
		s := searchAlone(p, n)
		s.Checks = append(s.Checks, verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(maxMemory)),
			verdict.Metric("search.latency.p90").AtMost(verdict.Duration(maxSearchTime)))
		search.Sizes = append(search.Sizes, harness.Size{X: float64(n), Scenario: s, AfterOnly: n > 100_000})
	}
	oracles := harness.Growth{
		Names: []string{"oracles: median time of a request"}, X: "active oracles", Before: without("oracle.cap", "oracle.concurrent-calls"),
		Metrics: []string{"impact.latency.p50"},
	}
	for n := 10; n <= 10_000; n *= 10 {
		s := oracleCalls(p, n)
		s.Timeline = harness.Timeline{WarmUp: p.WarmUp, Baseline: 4 * time.Second}
		s.Load[0].Profile = load.Constant(2, s.Timeline.Total())
		s.Load[0].MaxInFlight = 20
		s.Checks = append(s.Checks, verdict.Metric("impact.latency.p50").AtMost(verdict.Duration(time.Second)))
		oracles.Sizes = append(oracles.Sizes, harness.Size{X: float64(n), Scenario: s})
	}
	return []harness.Growth{search, oracles}
}

// sourceBefore are the protections that the source's loop over oracles had not:
// it asked every active one, one after another, with no timeout, and the first
// error ended it.
var sourceBefore = []string{
	"oracle.cap", "oracle.call-timeout", "oracle.overall-deadline", "oracle.concurrent-calls", "oracle.isolate-errors",
	"oracle.bulkhead", "oracle.breaker",
}

func gainSizes(p Profile) []int {
	if p.Large == 0 {
		return []int{p.Projects}
	}
	return []int{p.Projects, p.Large}
}

// without finds protections by name.
func without(names ...string) []harness.Protection {
	var found []harness.Protection
	for _, name := range names {
		for _, p := range Protections() {
			if p.Name == name {
				found = append(found, p)
			}
		}
	}
	return found
}

// searchKilled is the source's own test: a popular term, 50 at once.
func searchKilled(p Profile, projects int) harness.Scenario {
	s := popularTerm(p, fmt.Sprintf("gains/search-memory-%d", projects), projects)
	s.Checks = append(s.Checks, verdict.Metric("target.unexpected_ends").Equals(verdict.Count(0)))
	return s
}

// searchAlone is one who searches for a popular term when nobody else does.
func searchAlone(p Profile, projects int) harness.Scenario {
	t := p.steady()
	const rate = 4
	path := "/search?q=" + url.QueryEscape(schema.TermEverywhere)
	return harness.Scenario{
		Name: fmt.Sprintf("gains/search-latency-%d", projects), Claim: "What one search for a popular term takes.",
		World: world(projects), Timeline: t,
		Settings: map[string]string{"SEARCH_STATEMENT_TIMEOUT": "1m"},
		Load: []load.Stream{{Name: "search", Profile: load.Constant(rate, t.Total()), MaxInFlight: 1000,
			Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: path} }, Expect: load.Status(200)}},
		Checks: []verdict.Check{verdict.Metric("search.latency.p50").AtMost(verdict.Duration(maxSearchTime)).Because("the source claims 0.5 to 1 s")},
	}
}

// oracleCalls counts the calls of each request.
func oracleCalls(p Profile, oracles int) harness.Scenario {
	t := p.quick()
	return harness.Scenario{
		Name: fmt.Sprintf("gains/oracle-calls-%d", oracles), Claim: "How many calls one request leads to.",
		World: oracleWorld(p, panel{project: 1, active: oracles, at: oracleAPI}), Timeline: t,
		Settings: patient(time.Minute, time.Minute, map[string]string{"ORACLE_HOST_MAX_IN_FLIGHT": "0"}),
		Load:     []load.Stream{impacts("impact", 1, 4, t, load.Status(200))},
		Measures: []harness.Measure{callsPerRequest(oracleAPI, "impact")},
		Checks:   []verdict.Check{verdict.Metric("oracle_api.calls_per_request").AtMost(verdict.Count(maxOracles))},
	}
}

// oracleBlocked has one oracle that never answers.
func oracleBlocked(p Profile, oracles int) harness.Scenario {
	patience := 2 * p.CallTimeout
	// The fault outlasts whoever still waits: a hang that is lifted is an answer.
	t := harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase/2 + patience + time.Second}
	stream := impacts("impact", 1, 4, t, load.Status(200))
	stream.Profile, stream.Timeout = load.Constant(4, p.WarmUp+p.Phase/2), patience
	return harness.Scenario{
		Name: fmt.Sprintf("gains/oracle-blocked-%d", oracles), Claim: "How many requests get no answer while one oracle never gives one.",
		World: oracleWorld(p, panel{project: 1, active: oracles, at: oracleAPI}), Timeline: t,
		Settings:   patient(p.CallTimeout, p.CallTimeout, nil),
		Compressed: compressed("call timeout", p.CallTimeout),
		Load:       []load.Stream{stream},
		Faults:     []harness.Fault{always("hang", oracleAPI, "hang headers key=oracle-3")},
		Checks:     []verdict.Check{verdict.Metric("impact.failed").In(result.Baseline).Equals(verdict.Count(0))},
	}
}
