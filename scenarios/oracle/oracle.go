// Package oracle is what Holdfast can show about the impact service, which asks
// oracles outside of it: its scenarios, its protections and the gains that were
// promised of it.
//
// Start with hundredActive in this file, the source's own test. answers.go is
// about oracles that answer wrongly, hosts.go about those that fail for a while,
// trouble.go about the database beneath.
// panel.go is who is asked, expect.go what the right answer is. Beside what each
// scenario checks, audit.go holds every answer of all of them against the calls
// that the fakes saw; model.go says from the rows of the table what is right.
package oracle

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Scenarios lists the scenarios of the impact service.
func Scenarios(p profile.Profile) []harness.Scenario {
	all := []harness.Scenario{
		hundredActive(p),
		anyProject(p),
		manyActive(p),
		oneHangs(p),
		dripping(p),
		oversized(p),
		brokenConnections(p),
		malformedAnswers(p),
		trustingAdapter(p),
		redirected(p),
		refusals(p),
		allHang(p),
		slowWaves(p),
		sickHost(p),
		leftAlone(p),
		unstable(p),
		callersHangUp(p),
		searchMeanwhile(p),
		spared(p),
		databaseTrouble(p),
	}
	for i := range all {
		all[i] = audited(all[i])
		all[i].World.News = profile.ImpactNews()
	}
	return all
}

// hundredActive is the source's own test: of 100 active oracles ten are asked.
func hundredActive(p profile.Profile) harness.Scenario {
	t := p.Steady()
	const each = 100 * time.Millisecond
	return harness.Scenario{
		Name:        "oracle/hundred-active",
		Claim:       "Of 100 active oracles the first ten are asked, at the same time, and the answer says that the rest was left out.",
		Protections: []string{"oracle.cap", "oracle.concurrent-calls"},
		Headline:    true,
		World:       world(p, panel{project: 1, active: activeOracles, at: oracleAPI}),
		Timeline:    t,
		Load:        []load.Stream{impacts("impact", 1, 20, t, impact(activeOracles, nil))},
		Faults:      []harness.Fault{adapter.Always("slow", oracleAPI, "delay "+each.String())},
		Measures:    []harness.Measure{callsPerRequest(oracleAPI, "impact"), beyondCap(oracleAPI)},
		Checks: []verdict.Check{
			verdict.Metric("oracle_api.asked_per_project").Equals(verdict.Count(maxOracles)).Because("the source's own recommended test: exactly 10 processed").Guarding("oracle.cap"),
			verdict.Metric("oracle_api.beyond_cap").Equals(verdict.Count(0)).Because("which ten is documented: the first by position").Guarding("oracle.cap"),
			verdict.Metric("oracle_api.calls_per_request").Equals(verdict.Count(maxOracles)).Because("each is asked once, as the fake counted it"),
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because("ten good answers, 100 active, cut"),
			verdict.Metric("impact.latency.p50").AtMost(verdict.Duration(each * 3 / 2)).Because("ten calls of 0.1 s at the same time; in two waves they take 0.2 s").Guarding("oracle.concurrent-calls"),
			verdict.Metric(together).AtLeast(verdict.Count(maxOracles)).Because("all ten were under way at once, as the fake counted them").Guarding("oracle.concurrent-calls"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)),
		},
	}
}

// manyActive asks ten of very many.
func manyActive(p profile.Profile) harness.Scenario {
	t := p.Quick()
	const many, more = 1_000, 10_000
	return harness.Scenario{
		Name:     "oracle/ten-of-many",
		Claim:    "Of 1,000 and of 10,000 active oracles ten are asked, as quickly and in as little memory as of 100.",
		World:    world(p, panel{project: 1, active: many, at: oracleAPI}, panel{project: 2, active: more, at: sickAPI}),
		Timeline: t,
		Load: []load.Stream{
			impacts("impact", 1, 40, t, impact(many, nil)),
			impacts("more", 2, 40, t, impact(more, nil)),
		},
		Measures: []harness.Measure{
			callsPerRequest(oracleAPI, "impact"), beyondCap(oracleAPI), callsPerRequest(sickAPI, "more"), beyondCap(sickAPI),
		},
		Checks: []verdict.Check{
			verdict.Metric("oracle_api.calls_per_request").Equals(verdict.Count(maxOracles)),
			verdict.Metric("sick_api.calls_per_request").Equals(verdict.Count(maxOracles)),
			verdict.Metric("oracle_api.beyond_cap").Equals(verdict.Count(0)),
			verdict.Metric("sick_api.beyond_cap").Equals(verdict.Count(0)),
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("more.failed").Equals(verdict.Count(0)),
			verdict.Metric("impact.latency.p90").AtMost(verdict.Duration(100 * time.Millisecond)),
			verdict.Metric("more.latency.p90").AtMost(verdict.Duration(100 * time.Millisecond)),
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)),
		},
	}
}

// allHang is the other half of the source's test, with its literal 10 s in the
// bench profile: nobody waits longer, whatever the oracles do.
func allHang(p profile.Profile) harness.Scenario {
	t := soonWell(p.Hanging())
	return harness.Scenario{
		Name:       "oracle/all-hang",
		Claim:      fmt.Sprintf("While all of 100 oracles hang, no answer comes later than %s, and it names every one that was asked.", p.CallTimeout),
		Headline:   true,
		World:      world(p, panel{project: 1, active: activeOracles, at: oracleAPI}),
		Settings:   patient(p.CallTimeout, p.CallTimeout, nil),
		Compressed: compressed("call timeout and overall deadline", p.CallTimeout),
		Timeline:   t,
		Load:       []load.Stream{impacts("impact", 1, 4, t, impact(activeOracles, each(firstTen, "timeout|connection")))},
		Faults:     []harness.Fault{adapter.Misbehave("hang", oracleAPI, "hang headers")},
		Checks: []verdict.Check{
			verdict.Metric("impact.latency.max").AtMost(latest(p.CallTimeout)).Because("the source's own recommended test: no answer later than 10 s"),
			verdict.Metric("impact.latency.max").AtLeast(verdict.Duration(p.CallTimeout * 9 / 10)).Because("somebody must have waited, or the bound was not tried").OrNotExercised(),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("an answer that tells what is missing, not an error"),
			verdict.Metric("oracle_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second).Because("calls that were given up are let go of"),
		},
	}
}

// slowWaves has more oracles than are asked at once, all too slow: without one
// overall deadline the waves add up.
func slowWaves(p profile.Profile) harness.Scenario {
	t := soonWell(p.Hanging())
	deadline := p.CallTimeout
	settings := patient(deadline*3/4, deadline, noBreaker)
	settings["ORACLE_CONCURRENT_CALLS"] = "2"
	return harness.Scenario{
		Name:        "oracle/slow-waves",
		Claim:       "Five waves of two calls, each just within its own timeout, still end at the one deadline of the request.",
		Protections: []string{"oracle.overall-deadline"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings:    settings,
		Compressed:  compressed("overall deadline", deadline),
		Timeline:    t,
		Load:        []load.Stream{impacts("impact", 1, 2, t, impact(maxOracles, each(firstTen, "timeout")))},
		Faults:      []harness.Fault{adapter.Misbehave("slow", oracleAPI, "delay "+(deadline*2/3).String())},
		Checks: []verdict.Check{
			verdict.Metric("impact.latency.max").AtMost(latest(deadline)).Because("one deadline for the request, however many waves").Guarding("oracle.overall-deadline"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("what was in by then is delivered"),
		},
	}
}

// oneHangs loses one of ten.
func oneHangs(p profile.Profile) harness.Scenario {
	t := soonWell(p.Disturbed())
	const call = 300 * time.Millisecond
	return harness.Scenario{
		Name:        "oracle/one-hangs",
		Claim:       "One oracle that never answers costs its own slot and its own timeout, not the nine others.",
		Protections: []string{"oracle.call-timeout", "oracle.isolate-errors"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings:    patient(call, 3*time.Second, noBreaker),
		Compressed:  compressed("call timeout", call),
		Timeline:    t,
		Load:        []load.Stream{impacts("impact", 1, 20, t, impact(maxOracles, map[string]string{"oracle-3": "timeout"}))},
		Faults:      []harness.Fault{adapter.Misbehave("hang", oracleAPI, "hang headers key=oracle-3")},
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("nine good answers beside the one that is missing").Guarding("oracle.isolate-errors"),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(2 * call)).Because("the call's own timeout ends the wait, long before the request's deadline").Guarding("oracle.call-timeout"),
			verdict.Metric("impact.latency.max").In(result.Inject).AtLeast(verdict.Duration(call)).Because("it was waited for").OrNotExercised(),
			verdict.Metric("oracle_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second),
		},
	}
}

// dripping answers keep a connection busy for ever, byte by byte.
func dripping(p profile.Profile) harness.Scenario {
	t := soonWell(p.Disturbed())
	const call = 300 * time.Millisecond
	return harness.Scenario{
		Name:        "oracle/dripping",
		Claim:       "An answer that comes byte by byte, or stops half-way, is given up at the call's timeout: it bounds the whole call.",
		Protections: []string{"oracle.call-timeout"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings:    patient(call, 3*time.Second, noBreaker),
		Compressed:  compressed("call timeout", call),
		Timeline:    t,
		Load: []load.Stream{impacts("impact", 1, 20, t,
			impact(maxOracles, map[string]string{"oracle-1": "timeout", "oracle-2": "timeout", "oracle-3": "timeout"}))},
		Faults: []harness.Fault{
			adapter.Misbehave("drip", oracleAPI, "drip bytes=1 gap=50ms key=oracle-1"),
			adapter.Misbehave("stall", oracleAPI, "hang body key=oracle-2"),
			adapter.Misbehave("narrow", oracleAPI, "bandwidth 50 key=oracle-3"),
		},
		Checks: []verdict.Check{
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(2 * call)).Because("a timeout between two bytes would never come").Guarding("oracle.call-timeout"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
		},
	}
}
