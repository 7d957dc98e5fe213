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
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// sourceBefore are the protections that the source's loop over oracles had not:
// it asked every active one, one after another, with no timeout, and the first
// error ended it. Without the first of them nobody waits for ever.
var sourceBefore = []string{
	"oracle.call-timeout", "oracle.cap", "oracle.overall-deadline", "oracle.concurrent-calls", "oracle.isolate-errors",
	"oracle.bulkhead", "oracle.breaker",
}

// Promises are the source's claims about the calls to oracles.
func Promises(p profile.Profile, of Sized, protections []harness.Protection) []harness.Promise {
	return PromisesOf(p, of(p.Projects), protections)
}

// PromisesOf are those claims about one service, at the size that it has.
func PromisesOf(p profile.Profile, one contract.Impact, protections []harness.Protection) []harness.Promise {
	var all []harness.Promise
	for _, oracles := range []int{activeOracles, many} {
		where := map[string]string{"active oracles": strconv.Itoa(oracles)}
		all = append(all,
			harness.Promise{
				Name: "oracles: calls", Claimed: "−90 % API calls: 100 oracles → 10 at most", Where: where,
				Scenario: oracleCalls(p, over(one), oracles), Before: profile.Without(protections, "oracle.cap"),
				Metric: one.Here + ".calls_per_request", Gain: 0.9,
			},
			harness.Promise{
				Name: "oracles: requests that are never answered", Claimed: "−100 % timeouts: blocked for ever → a timeout that is dealt with", Where: where,
				Scenario: oracleBlocked(p, over(one), oracles), Before: profile.Without(protections, sourceBefore...),
				Metric: "impact.failed", Gain: 1,
			})
	}
	return all
}

// Growth is how the time of a request grows with the number of active oracles.
func Growth(p profile.Profile, of Sized, protections []harness.Protection) harness.Growth {
	growth := harness.Growth{
		Names: []string{"oracles: median time of a request"}, X: "active oracles",
		Before:  profile.Without(protections, "oracle.cap", "oracle.concurrent-calls"),
		Metrics: []string{"impact.latency.p50"},
	}
	for n := 10; n <= 10_000; n *= 10 {
		s := oracleCalls(p, over(of(p.Projects)), n)
		s.Timeline = harness.Timeline{WarmUp: p.WarmUp, Baseline: 4 * time.Second}
		s.Load[0].Profile = load.Throughout(2).Over(s.Timeline.Phases())
		s.Load[0].MaxInFlight = 20
		s.Checks = append(s.Checks, verdict.Metric("impact.latency.p50").AtMost(verdict.Duration(time.Second)))
		growth.Sizes = append(growth.Sizes, harness.Size{X: float64(n), Scenario: s})
	}
	return growth
}

// oracleCalls counts the calls of each request.
func oracleCalls(p profile.Profile, s *service, oracles int) harness.Scenario {
	t := p.Quick()
	about := s.project(oracles, s.Here)
	s.patient(time.Minute, time.Minute)
	s.give(contract.HostCalls, "0")
	sc, _ := s.over(harness.Scenario{
		Name: fmt.Sprintf("gains/oracle-calls-%d", oracles), Claim: "How many calls one request leads to.",
		Timeline: t,
		Load:     []load.Stream{s.impacts("impact", about, 4, t, s.OK)},
		Measures: []harness.Measure{s.callsPerRequest(s.Here, "impact")},
		Checks:   []verdict.Check{verdict.Metric(s.here("calls_per_request")).AtMost(verdict.Count(int64(s.AtMost)))},
	})
	return sc
}

// oracleBlocked has one oracle that never answers.
func oracleBlocked(p profile.Profile, s *service, oracles int) harness.Scenario {
	about := s.project(oracles, s.Here)
	call, _ := s.patient(p.CallTimeout, p.CallTimeout)
	patience := 2 * call
	// The fault outlasts whoever still waits: a hang that is lifted is an answer.
	t := harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase/2 + patience + time.Second}
	stream := s.impacts("impact", about, 4, t, s.OK)
	stream.Profile, stream.Timeout = load.Constant(4, p.WarmUp+p.Phase/2), patience
	sc, _ := s.over(harness.Scenario{
		Name: fmt.Sprintf("gains/oracle-blocked-%d", oracles), Claim: "How many requests get no answer while one oracle never gives one.",
		Timeline:   t,
		Compressed: s.compressed("call timeout", contract.CallTimeout, call),
		Load:       []load.Stream{stream},
		Faults:     []harness.Fault{adapter.Always("hang", s.Here, "hang headers key="+s.named(about, 3)[2])},
		Checks:     []verdict.Check{verdict.Metric("impact.failed").In(result.Baseline).Equals(verdict.Count(0))},
	})
	return sc
}
