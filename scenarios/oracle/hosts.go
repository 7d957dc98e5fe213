package oracle

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/profile"
	"holdfast.dev/holdfast/scenarios/search"
)

// bulkheadAsSeen is why a fake may see half as many calls again as are made at once.
const bulkheadAsSeen = "the bulkhead, as the fake counted it: it learns of a call that was given up a moment after another took its place"

func asSeen(most int64) int64 { return most * 3 / 2 }

// sickHost has two hosts, of which one hangs, and projects on both.
func sickHost(p profile.Profile) harness.Scenario {
	t := soonWell(p.Disturbed())
	const most = 20
	settings := patient(2*time.Second, 2*time.Second, noBreaker)
	settings["ORACLE_HOST_MAX_IN_FLIGHT"] = fmt.Sprint(most)
	return harness.Scenario{
		Name:        "oracle/sick-host",
		Claim:       "While one host hangs, no more than 20 calls are spent on it at once, and projects on another host are as quick as ever.",
		Protections: []string{"oracle.bulkhead"},
		World:       world(p, panel{project: 1, active: maxOracles + 1, at: oracleAPI}, panel{project: 2, active: activeOracles, at: sickAPI}),
		Settings:    settings,
		Timeline:    t,
		Load: []load.Stream{
			impacts("impact", 1, 10, t, impact(maxOracles+1, nil)),
			impacts("sick", 2, 20, t, impact(activeOracles, each(firstTen, "timeout|connection"))),
		},
		Faults: []harness.Fault{adapter.Misbehave("hang", sickAPI, "hang headers")},
		Checks: []verdict.Check{
			verdict.Metric("sick_api.most_in_flight").AtMost(verdict.Count(asSeen(most))).Because(bulkheadAsSeen).Guarding("oracle.bulkhead"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the other host's projects lose nothing"),
			verdict.Metric("impact.latency.p90").In(result.Inject).AtMost(verdict.Duration(300 * time.Millisecond)),
			verdict.Metric("sick.failed").Equals(verdict.Count(0)),
			verdict.Metric("sick_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second),
		},
	}
}

// leftAlone has one oracle that fails for a while.
func leftAlone(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	const rate, failures = 40, 5
	const cooldown = 250 * time.Millisecond
	settings := map[string]string{"ORACLE_BREAKER_FAILURES": fmt.Sprint(failures), "ORACLE_BREAKER_COOLDOWN": cooldown.String()}
	// A tenth of the requests, all ten oracles of them, and what is tried anew.
	tried := int64(failures*2) + 2*int64(t.Inject/cooldown)
	healthy := int64(rate * t.Inject.Seconds() * (maxOracles - 1))
	// It is missing for two cooldowns, and a tenth is for what is under way at the edges.
	takenBack := 90 - 100*2*cooldown.Seconds()/t.Heal.Seconds()
	return harness.Scenario{
		Name:        "oracle/left-alone",
		Claim:       "An oracle that keeps failing is left alone but for a try now and then, and is taken back when it is well.",
		Protections: []string{"oracle.breaker"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI}, panel{project: 2, active: maxOracles, at: sickAPI}),
		Settings:    settings,
		Compressed:  []result.Compressed{{Name: "breaker's cooldown", RealS: 5, UsedS: cooldown.Seconds(), FactorBy: 5 / cooldown.Seconds()}},
		Timeline:    t,
		Load: []load.Stream{
			impacts("impact", 1, rate, t, impact(maxOracles, map[string]string{"oracle-4": "status|connection"})),
			// An oracle of the same name at another host is well.
			impacts("namesakes", 2, 10, t, impact(maxOracles, nil)),
		},
		Faults:   []harness.Fault{adapter.Misbehave("down", oracleAPI, "status 503 key=oracle-4")},
		Measures: []harness.Measure{askedOf(oracleAPI, "oracle-4", "impact"), triedTooSoon(oracleAPI, failures, cooldown)},
		Checks: []verdict.Check{
			verdict.Metric("oracle_api.calls").In(result.Inject).AtMost(verdict.Count(healthy + tried + maxOracles)).
				Because("five failures open the breaker, then one try per cooldown").Guarding("oracle.breaker"),
			verdict.Metric("oracle_api.tried_too_soon").Equals(verdict.Count(0)).Because("one call tries it, once the cooldown is over"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the nine others are delivered meanwhile"),
			verdict.Metric("namesakes.failed").Equals(verdict.Count(0)).Because("what failed is one oracle at its address, not a name"),
			verdict.Metric("oracle-4.asked").In(result.Heal).AtLeast(verdict.Percent(takenBack)).
				Because("it is taken back within two cooldowns of its healing"),
		},
	}
}

// spared has hosts of which one hangs and one refuses connections, with bulkhead and
// breaker both at work.
func spared(p profile.Profile) harness.Scenario {
	t := soonWell(p.Disturbed())
	const most, failures = 20, 2
	const call, cooldown = 150 * time.Millisecond, 200 * time.Millisecond
	settings := patient(call, 2*time.Second, map[string]string{
		"ORACLE_HOST_MAX_IN_FLIGHT": fmt.Sprint(most), "ORACLE_HOST_QUEUE_TIMEOUT": "50ms",
		"ORACLE_BREAKER_FAILURES": fmt.Sprint(failures), "ORACLE_BREAKER_COOLDOWN": cooldown.String(),
	})
	return harness.Scenario{
		Name:        "oracle/spared",
		Claim:       "A host that hangs, and then refuses connections, gets no more than 20 calls at once and soon one a cooldown for each oracle; another host notices nothing.",
		Protections: []string{"oracle.bulkhead", "oracle.breaker"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI}, panel{project: 2, active: activeOracles, at: sickAPI}),
		Settings:    settings,
		Compressed:  compressed("call timeout", call),
		Timeline:    t,
		Load: []load.Stream{
			impacts("impact", 1, 10, t, impact(maxOracles, nil)),
			impacts("sick", 2, 60, t, impact(activeOracles, each(firstTen, "timeout|connection"))),
		},
		Faults: []harness.Fault{
			{ID: "hang", On: sickAPI, Kind: fault.Hang{At: "headers"}, For: t.Inject * 3 / 4},
			{ID: "refuse", On: sickAPI, Kind: fault.Refuse{Cut: true}, After: t.Inject * 3 / 4},
		},
		Measures: []harness.Measure{triedTooSoon(sickAPI, failures, cooldown)},
		Checks: []verdict.Check{
			verdict.Metric("sick_api.most_in_flight").AtMost(verdict.Count(asSeen(most))).Because(bulkheadAsSeen).Guarding("oracle.bulkhead"),
			verdict.Metric("sick_api.tried_too_soon").Equals(verdict.Count(0)).Because("one call tries an oracle, once the cooldown is over").Guarding("oracle.breaker"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the other host's projects lose nothing"),
			verdict.Metric("sick.failed").Equals(verdict.Count(0)).Because("what is missing is told, as what it is"),
			verdict.Metric("sick.latency.max").AtMost(verdict.Duration(1500 * time.Millisecond)).Because("a call's timeout and a moment in the queue, not the request's deadline"),
			verdict.Metric("sick_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second),
		},
	}
}

// unstable oracles flap, brown out, fail together and are overrun by our own calls.
func unstable(p profile.Profile) harness.Scenario {
	t := soonWell(p.Disturbed())
	may := each(firstTen, "status|connection|timeout")
	return harness.Scenario{
		Name:     "oracle/unstable",
		Claim:    "Oracles that flap, that brown out, that fail five at once or buckle under load cost what they fail to say, and nothing when they are well again.",
		World:    world(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings: patient(500*time.Millisecond, time.Second, map[string]string{"ORACLE_BREAKER_COOLDOWN": "200ms"}),
		Timeline: t,
		Load:     []load.Stream{impacts("impact", 1, 20, t, impact(maxOracles, may))},
		Faults: []harness.Fault{
			adapter.Misbehave("flapping", oracleAPI, "status 503 flap=100ms/200ms key=oracle-1"),
			adapter.Misbehave("brown-out", oracleAPI, fmt.Sprintf("status 500 p=0.8 from=0s to=%s ramp=%s key=oracle-2", t.Inject, t.Inject/3)),
			adapter.Misbehave("together", oracleAPI, "close pick=5 key=oracle-3,oracle-4,oracle-5,oracle-6,oracle-7,oracle-8,oracle-9"),
			adapter.Misbehave("overrun", oracleAPI, "overload base=5ms slope=40ms shed=2 key=oracle-10"),
		},
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("errors of oracles are parts of a good answer"),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(time.Second)),
			verdict.Metric("oracle_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second).Because("what was overrun recovers once the trigger is gone"),
		},
	}
}

// callersHangUp gives up long before the oracles answer.
func callersHangUp(p profile.Profile) harness.Scenario {
	t := p.Disturbed()
	const rate, patience = 10, 150 * time.Millisecond
	stream := impacts("impact", 1, rate, t, impact(activeOracles, nil))
	stream.Timeout = patience
	settings := patient(5*time.Second, 5*time.Second, noBreaker)
	settings["ORACLE_HOST_MAX_IN_FLIGHT"] = "0"
	open := int64(3 * rate * patience.Seconds() * maxOracles)
	return harness.Scenario{
		Name:        "oracle/callers-hang-up",
		Claim:       "When callers hang up, the calls that were made for them are given up too, at once.",
		Protections: []string{"oracle.cancel-abandoned"},
		World:       world(p, panel{project: 1, active: activeOracles, at: oracleAPI}),
		Settings:    settings,
		Timeline:    t,
		Load:        []load.Stream{stream},
		Faults:      []harness.Fault{adapter.Misbehave("hang", oracleAPI, "hang headers")},
		Checks: []verdict.Check{
			verdict.Metric("oracle_api.most_in_flight").In(result.Inject).AtMost(verdict.Count(open)).
				Because("three times what those who still wait have under way").Guarding("oracle.cancel-abandoned"),
			verdict.Metric("impact.errors.timeout").In(result.Inject).AtLeast(verdict.Count(1)).Because("somebody must have hung up").OrNotExercised(),
			verdict.Metric("impact.ok_ratio").In(result.Heal).AtLeast(verdict.Percent(90)).Because("the service is well again at once"),
			verdict.Metric("oracle_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second),
		},
	}
}

// searchMeanwhile searches while all oracles hang: the source's pool that was
// used up by connections held while calling.
func searchMeanwhile(p profile.Profile) harness.Scenario {
	t := soonWell(p.Disturbed())
	settings := patient(2*time.Second, 2*time.Second, noBreaker)
	settings["ORACLE_HOST_MAX_IN_FLIGHT"] = "0"
	searches := search.Of(p.Projects)
	return searches.In(harness.Scenario{
		Name:        "oracle/search-meanwhile",
		Claim:       "While all oracles hang, no database connection is held by who waits for them, and searches stay as quick as ever.",
		Protections: []string{"oracle.release-connection"},
		World:       world(p, panel{project: 1, active: activeOracles, at: oracleAPI}),
		Settings:    settings,
		Timeline:    t,
		Load: []load.Stream{
			impacts("impact", 1, 20, t, impact(activeOracles, each(firstTen, "timeout"))),
			searches.Served("search", load.Throughout(20).Over(t.Phases()), search.Around(schema.TermTwoHundred)),
		},
		Faults: []harness.Fault{adapter.Misbehave("hang", oracleAPI, "hang headers")},
		Watch:  []probe.Metric{{Series: probe.Series{Name: "target.db_pool_in_use", Unit: result.UnitCount}, Name: "db_pool_in_use"}},
		Checks: []verdict.Check{
			verdict.Metric("search.failed").In(result.Inject).Equals(verdict.Count(0)).Because("nobody else is holding the pool's connections").Guarding("oracle.release-connection"),
			verdict.Metric("search.latency.p90").In(result.Inject).AtMost(verdict.Duration(400 * time.Millisecond)).Guarding("oracle.release-connection"),
			verdict.Metric("target.db_pool_in_use.max").AtMost(verdict.Count(4)).Because("of ten; a search or two, and the readings of who is just coming in"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
		},
	})
}
