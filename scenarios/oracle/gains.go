package oracle

import (
	"fmt"
	"strconv"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/profile"
)

// sourceBefore are the protections that the source's loop over oracles had not:
// it asked every active one, one after another, with no timeout, and the first
// error ended it.
var sourceBefore = []string{
	"oracle.cap", "oracle.call-timeout", "oracle.overall-deadline", "oracle.concurrent-calls", "oracle.isolate-errors",
	"oracle.bulkhead", "oracle.breaker",
}

// Promises are the source's claims about the calls to oracles.
func Promises(p profile.Profile) []harness.Promise {
	var all []harness.Promise
	for _, oracles := range []int{100, 1000} {
		where := map[string]string{"active oracles": strconv.Itoa(oracles)}
		all = append(all,
			harness.Promise{
				Name: "oracles: calls", Claimed: "−90 % API calls: 100 oracles → 10 at most", Where: where,
				Scenario: oracleCalls(p, oracles), Before: profile.Without(Protections(), "oracle.cap"),
				Metric: "oracle_api.calls_per_request", Gain: 0.9,
			},
			harness.Promise{
				Name: "oracles: requests that are never answered", Claimed: "−100 % timeouts: blocked for ever → a timeout that is dealt with", Where: where,
				Scenario: oracleBlocked(p, oracles), Before: profile.Without(Protections(), sourceBefore...),
				Metric: "impact.failed", Gain: 1,
			})
	}
	return all
}

// Growth is how the time of a request grows with the number of active oracles.
func Growth(p profile.Profile) harness.Growth {
	growth := harness.Growth{
		Names: []string{"oracles: median time of a request"}, X: "active oracles",
		Before:  profile.Without(Protections(), "oracle.cap", "oracle.concurrent-calls"),
		Metrics: []string{"impact.latency.p50"},
	}
	for n := 10; n <= 10_000; n *= 10 {
		s := oracleCalls(p, n)
		s.Timeline = harness.Timeline{WarmUp: p.WarmUp, Baseline: 4 * time.Second}
		s.Load[0].Profile = load.Throughout(2).Over(s.Timeline.Phases())
		s.Load[0].MaxInFlight = 20
		s.Checks = append(s.Checks, verdict.Metric("impact.latency.p50").AtMost(verdict.Duration(time.Second)))
		growth.Sizes = append(growth.Sizes, harness.Size{X: float64(n), Scenario: s})
	}
	return growth
}

// oracleCalls counts the calls of each request.
func oracleCalls(p profile.Profile, oracles int) harness.Scenario {
	t := p.Quick()
	return harness.Scenario{
		Name: fmt.Sprintf("gains/oracle-calls-%d", oracles), Claim: "How many calls one request leads to.",
		World: world(p, panel{project: 1, active: oracles, at: oracleAPI}), Timeline: t,
		Settings: patient(time.Minute, time.Minute, map[string]string{"ORACLE_HOST_MAX_IN_FLIGHT": "0"}),
		Load:     []load.Stream{impacts("impact", 1, 4, t, load.Status(200))},
		Measures: []harness.Measure{callsPerRequest(oracleAPI, "impact")},
		Checks:   []verdict.Check{verdict.Metric("oracle_api.calls_per_request").AtMost(verdict.Count(maxOracles))},
	}
}

// oracleBlocked has one oracle that never answers.
func oracleBlocked(p profile.Profile, oracles int) harness.Scenario {
	patience := 2 * p.CallTimeout
	// The fault outlasts whoever still waits: a hang that is lifted is an answer.
	t := harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase/2 + patience + time.Second}
	stream := impacts("impact", 1, 4, t, load.Status(200))
	stream.Profile, stream.Timeout = load.Constant(4, p.WarmUp+p.Phase/2), patience
	return harness.Scenario{
		Name: fmt.Sprintf("gains/oracle-blocked-%d", oracles), Claim: "How many requests get no answer while one oracle never gives one.",
		World: world(p, panel{project: 1, active: oracles, at: oracleAPI}), Timeline: t,
		Settings:   patient(p.CallTimeout, p.CallTimeout, nil),
		Compressed: compressed("call timeout", p.CallTimeout),
		Load:       []load.Stream{stream},
		Faults:     []harness.Fault{adapter.Always("hang", oracleAPI, "hang headers key=oracle-3")},
		Checks:     []verdict.Check{verdict.Metric("impact.failed").In(result.Baseline).Equals(verdict.Count(0))},
	}
}
