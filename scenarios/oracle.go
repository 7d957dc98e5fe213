package scenarios

import (
	"fmt"
	"time"

	"holdfast/harness"
	"holdfast/harness/load"
	"holdfast/harness/probe"
	"holdfast/harness/result"
	"holdfast/harness/verdict"
	"holdfast/reference/schema"
)

// Numbers of the source.
const (
	maxOracles    = 10               // MAX_ORACLES_PER_PROJECT
	sourceTimeout = 10 * time.Second // DEFAULT_API_TIMEOUT
	activeOracles = 100              // the source's own test
)

func oracleScenarios(p Profile) []harness.Scenario {
	return []harness.Scenario{
		hundredActive(p),
		manyActive(p, 1_000),
		manyActive(p, 10_000),
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
	}
}

// latest is when the last answer may come: the deadline and 5 %, and a moment
// for the machine where the deadline is compressed to a fraction of itself.
func latest(deadline time.Duration) verdict.Quantity {
	slack := deadline / 20
	if deadline < sourceTimeout {
		slack = max(slack, 80*time.Millisecond)
	}
	return verdict.Duration(deadline + slack)
}

// patient are the settings of a target whose calls and requests have so long.
func patient(call, overall time.Duration, more map[string]string) map[string]string {
	settings := map[string]string{"DEFAULT_API_TIMEOUT": call.String(), "ORACLE_OVERALL_DEADLINE": overall.String()}
	for name, value := range more {
		settings[name] = value
	}
	return settings
}

// noBreaker lets a sick oracle be asked each time, for scenarios about what one
// such call costs.
var noBreaker = map[string]string{"ORACLE_BREAKER_FAILURES": "0"}

// compressed says how much shorter the source's 10 s are here.
func compressed(name string, used time.Duration) []result.Compressed {
	if used >= sourceTimeout {
		return nil
	}
	return []result.Compressed{{Name: name, RealS: sourceTimeout.Seconds(), UsedS: used.Seconds(), FactorBy: sourceTimeout.Seconds() / used.Seconds()}}
}

// hanging is a timeline whose fault outlasts the longest wait.
func (p Profile) hanging() harness.Timeline {
	return harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase / 2, Inject: p.Phase + p.CallTimeout, Heal: p.Phase}
}

// hundredActive is the source's own test: of 100 active oracles ten are asked.
func hundredActive(p Profile) harness.Scenario {
	t := p.steady()
	const each = 100 * time.Millisecond
	return harness.Scenario{
		Name:     "oracle/hundred-active",
		Proves:   "Of 100 active oracles the first ten are asked, at the same time, and the answer says that the rest was left out.",
		Guards:   []string{"oracle.cap", "oracle.concurrent-calls"},
		Headline: true,
		World:    oracleWorld(p, panel{project: 1, active: activeOracles, at: oracleAPI}),
		Timeline: t,
		Load:     []load.Stream{impacts("impact", 1, 20, t, impact(activeOracles, nil))},
		Faults:   []harness.Fault{always("slow", oracleAPI, "delay "+each.String())},
		Measures: []harness.Measure{callsPerRequest(oracleAPI, "impact")},
		Holds: []verdict.Check{
			verdict.Metric("oracle_api.asked_per_project").Equals(verdict.Count(maxOracles)).Because("the source's own recommended test: exactly 10 processed").Guarding("oracle.cap"),
			verdict.Metric("oracle_api.beyond_cap").Equals(verdict.Count(0)).Because("which ten is documented: the first by position").Guarding("oracle.cap"),
			verdict.Metric("oracle_api.calls_per_request").Equals(verdict.Count(maxOracles)).Because("each is asked once, as the fake counted it"),
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because("ten good answers, 100 active, cut"),
			verdict.Metric("impact.latency.p50").AtMost(verdict.Duration(3 * each)).Because("ten calls of 0.1 s at the same time; one after the other they take 1 s").Guarding("oracle.concurrent-calls"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(maxMemory)),
		},
	}
}

// manyActive asks ten of very many.
func manyActive(p Profile, active int) harness.Scenario {
	t := p.quick()
	return harness.Scenario{
		Name:     fmt.Sprintf("oracle/ten-of-%d", active),
		Proves:   fmt.Sprintf("Of %d active oracles ten are asked, as quickly and in as little memory as of 100.", active),
		World:    oracleWorld(p, panel{project: 1, active: active, at: oracleAPI}),
		Timeline: t,
		Load:     []load.Stream{impacts("impact", 1, 40, t, impact(active, nil))},
		Measures: []harness.Measure{callsPerRequest(oracleAPI, "impact")},
		Holds: []verdict.Check{
			verdict.Metric("oracle_api.calls_per_request").Equals(verdict.Count(maxOracles)),
			verdict.Metric("oracle_api.beyond_cap").Equals(verdict.Count(0)),
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("impact.latency.p90").AtMost(verdict.Duration(100 * time.Millisecond)),
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(maxMemory)),
		},
	}
}

// allHang is the other half of the source's test, with its literal 10 s in the
// bench profile: nobody waits longer, whatever the oracles do.
func allHang(p Profile) harness.Scenario {
	t := p.hanging()
	return harness.Scenario{
		Name:       "oracle/all-hang",
		Proves:     fmt.Sprintf("While all of 100 oracles hang, no answer comes later than %s, and it names every one that was asked.", p.CallTimeout),
		Headline:   true,
		World:      oracleWorld(p, panel{project: 1, active: activeOracles, at: oracleAPI}),
		Settings:   patient(p.CallTimeout, p.CallTimeout, nil),
		Compressed: compressed("call timeout and overall deadline", p.CallTimeout),
		Timeline:   t,
		Load:       []load.Stream{impacts("impact", 1, 4, t, impact(activeOracles, each(firstTen, "timeout|connection")))},
		Faults:     []harness.Fault{misbehave("hang", oracleAPI, "hang headers")},
		Holds: []verdict.Check{
			verdict.Metric("impact.latency.max").AtMost(latest(p.CallTimeout)).Because("the source's own recommended test: no answer later than 10 s"),
			verdict.Metric("impact.latency.max").AtLeast(verdict.Duration(p.CallTimeout * 9 / 10)).Because("somebody must have waited, or the bound was not tried"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("an answer that tells what is missing, not an error"),
			verdict.Metric("oracle_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second).Because("calls that were given up are let go of"),
		},
	}
}

// slowWaves has more oracles than are asked at once, all too slow: without one
// overall deadline the waves add up.
func slowWaves(p Profile) harness.Scenario {
	t := p.hanging()
	deadline := p.CallTimeout
	settings := patient(deadline*3/4, deadline, noBreaker)
	settings["ORACLE_CONCURRENT_CALLS"] = "2"
	return harness.Scenario{
		Name:       "oracle/slow-waves",
		Proves:     "Five waves of two calls, each just within its own timeout, still end at the one deadline of the request.",
		Guards:     []string{"oracle.overall-deadline"},
		World:      oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings:   settings,
		Compressed: compressed("overall deadline", deadline),
		Timeline:   t,
		Load:       []load.Stream{impacts("impact", 1, 2, t, impact(maxOracles, each(firstTen, "timeout")))},
		Faults:     []harness.Fault{misbehave("slow", oracleAPI, "delay "+(deadline*2/3).String())},
		Holds: []verdict.Check{
			verdict.Metric("impact.latency.max").AtMost(latest(deadline)).Because("one deadline for the request, however many waves").Guarding("oracle.overall-deadline"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("what was in by then is delivered"),
		},
	}
}

// oneHangs loses one of ten.
func oneHangs(p Profile) harness.Scenario {
	t := p.disturbed()
	const call = 300 * time.Millisecond
	return harness.Scenario{
		Name:       "oracle/one-hangs",
		Proves:     "One oracle that never answers costs its own slot and its own timeout, not the nine others.",
		Guards:     []string{"oracle.call-timeout", "oracle.isolate-errors"},
		World:      oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings:   patient(call, 3*time.Second, noBreaker),
		Compressed: compressed("call timeout", call),
		Timeline:   t,
		Load:       []load.Stream{impacts("impact", 1, 20, t, impact(maxOracles, map[string]string{"oracle-3": "timeout"}))},
		Faults:     []harness.Fault{misbehave("hang", oracleAPI, "hang headers key=oracle-3")},
		Holds: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("nine good answers beside the one that is missing").Guarding("oracle.isolate-errors"),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(2 * call)).Because("the call's own timeout ends the wait, long before the request's deadline").Guarding("oracle.call-timeout"),
			verdict.Metric("impact.latency.max").In(result.Inject).AtLeast(verdict.Duration(call)).Because("it was waited for"),
			verdict.Metric("oracle_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second),
		},
	}
}

// dripping answers keep a connection busy for ever, byte by byte.
func dripping(p Profile) harness.Scenario {
	t := p.disturbed()
	const call = 300 * time.Millisecond
	return harness.Scenario{
		Name:       "oracle/dripping",
		Proves:     "An answer that comes byte by byte, or stops half-way, is given up at the call's timeout: it bounds the whole call.",
		Guards:     []string{"oracle.call-timeout"},
		World:      oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings:   patient(call, 3*time.Second, noBreaker),
		Compressed: compressed("call timeout", call),
		Timeline:   t,
		Load: []load.Stream{impacts("impact", 1, 20, t,
			impact(maxOracles, map[string]string{"oracle-1": "timeout", "oracle-2": "timeout", "oracle-3": "timeout"}))},
		Faults: []harness.Fault{
			misbehave("drip", oracleAPI, "drip bytes=1 gap=50ms key=oracle-1"),
			misbehave("stall", oracleAPI, "hang body key=oracle-2"),
			misbehave("narrow", oracleAPI, "bandwidth 50 key=oracle-3"),
		},
		Holds: []verdict.Check{
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(2 * call)).Because("a timeout between two bytes would never come").Guarding("oracle.call-timeout"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
		},
	}
}

// oversized answers try the memory.
func oversized(p Profile) harness.Scenario {
	t := p.steady()
	return harness.Scenario{
		Name:     "oracle/oversized",
		Proves:   "A body that never ends, one that unpacks to 64 MB and a header of 1 MB cost an error each, and no memory.",
		Guards:   []string{"oracle.body-limit"},
		World:    oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings: patient(time.Second, time.Second, noBreaker),
		Timeline: t,
		Load: []load.Stream{impacts("impact", 1, 8, t, failing(maxOracles,
			map[string]string{"oracle-1": "too_large", "oracle-2": "too_large", "oracle-3": "too_large|connection"}, nil))},
		Faults: []harness.Fault{
			always("endless", oracleAPI, "endless bytes=64MiB key=oracle-1"),
			always("bomb", oracleAPI, "gzipbomb bytes=64MiB key=oracle-2"),
			always("header", oracleAPI, "bigheader bytes=1MiB key=oracle-3"),
		},
		Holds: []verdict.Check{
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(maxMemory)).Because("a hostile answer is read no further than its limit").Guarding("oracle.body-limit"),
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because("these three are too large, the seven others are delivered").Guarding("oracle.body-limit"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
		},
	}
}

// brokenConnections breaks calls on the wire, on fresh and on reused connections.
func brokenConnections(p Profile) harness.Scenario {
	t := p.steady()
	broken := map[string]string{
		"oracle-1": "connection", "oracle-2": "connection", "oracle-3": "connection",
		"oracle-4": "connection|payload", "oracle-5": "connection|payload", "oracle-6": "connection|payload",
	}
	return harness.Scenario{
		Name:     "oracle/broken-connections",
		Proves:   "Calls that break on the wire are an error each, are made once and not silently again, and leave the others alone.",
		Guards:   []string{"oracle.isolate-errors"},
		World:    oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}, panel{project: 2, active: maxOracles, at: sickAPI}),
		Settings: noBreaker,
		Timeline: t,
		Load: []load.Stream{
			impacts("impact", 1, 10, t, failing(maxOracles, broken, nil)),
			// A connection that was kept open is closed as it is used again; fresh ones are spared.
			impacts("reused", 2, 10, t, impact(maxOracles, map[string]string{"oracle-1": "connection"})),
		},
		Faults: []harness.Fault{
			always("reset", oracleAPI, "reset before key=oracle-1"),
			always("close", oracleAPI, "close key=oracle-2"),
			always("garbage", oracleAPI, "garbage bytes=512 key=oracle-3"),
			always("reset-body", oracleAPI, "reset body key=oracle-4"),
			always("cut", oracleAPI, "cut length key=oracle-5"),
			always("bad-chunk", oracleAPI, "badchunk key=oracle-6"),
			always("idle-close", sickAPI, "idleclose key=oracle-1"),
		},
		Measures: []harness.Measure{callsPerRequest(oracleAPI, "impact"), callsPerRequest(sickAPI, "reused")},
		Holds: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("four good answers beside those that broke").Guarding("oracle.isolate-errors"),
			verdict.Metric("oracle_api.calls_per_request").Equals(verdict.Count(maxOracles)).Because("an HTTP library that tries again by itself would show here"),
			verdict.Metric("sick_api.calls_per_request").Equals(verdict.Count(maxOracles)).Because("net/http would send again what a reused connection lost"),
			verdict.Metric("reused.failed").Equals(verdict.Count(0)),
		},
	}
}

// malformedAnswers are every wrong answer of the catalogue, one an oracle.
func malformedAnswers(p Profile) harness.Scenario {
	t := p.steady()
	kinds := []string{"json malformed", "json html", "json types", "json nulls", "json nan", "json huge", "json duplicate", "wrong id", "wrong stale", "cut silent"}
	more := []string{"json null", "json deep depth=10000", "json missing field=data", "json empty", "status 204"}
	var faults []harness.Fault
	for i, kind := range kinds {
		faults = append(faults, always(fmt.Sprintf("wrong-%d", i+1), oracleAPI, fmt.Sprintf("%s key=oracle-%d", kind, i+1)))
	}
	for i, kind := range more {
		faults = append(faults, always(fmt.Sprintf("more-%d", i+1), sickAPI, fmt.Sprintf("%s key=oracle-%d", kind, i+1)))
	}
	good := impacts("more", 2, 10, t, failing(maxOracles, each(firstTen[:len(more)], "payload|status"), nil))
	return harness.Scenario{
		Name:     "oracle/malformed-answers",
		Proves:   "No answer that is malformed, of the wrong types, about another project, out of date or cut short is passed on as data.",
		Guards:   []string{"oracle.validate-answer"},
		World:    oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}, panel{project: 2, active: maxOracles, at: sickAPI}),
		Settings: noBreaker,
		Timeline: t,
		Load:     []load.Stream{impacts("impact", 1, 10, t, failing(maxOracles, each(firstTen, "payload|connection"), nil)), good},
		Faults:   faults,
		Holds: []verdict.Check{
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because("each of these ten answers is wrong, and called so").Guarding("oracle.validate-answer"),
			verdict.Metric("more.wrong").Equals(verdict.Count(0)).Because("five that are wrong beside five that are right").Guarding("oracle.validate-answer"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("more.failed").Equals(verdict.Count(0)),
		},
	}
}

// trustingAdapter panics over an answer: third-party code, as the source's
// oracles are.
func trustingAdapter(p Profile) harness.Scenario {
	t := p.quick()
	return harness.Scenario{
		Name:     "oracle/panicking-adapter",
		Proves:   "An adapter that panics over an answer costs that one oracle, not the process and all who are being served.",
		Guards:   []string{"oracle.isolate-panics"},
		World:    oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI, legacy: map[string]bool{"oracle-5": true}}),
		Settings: noBreaker,
		Timeline: t,
		Load:     []load.Stream{impacts("impact", 1, 20, t, failing(maxOracles, map[string]string{"oracle-5": "unexpected"}, nil))},
		Faults:   []harness.Fault{always("types", oracleAPI, "json types key=oracle-5")},
		Holds: []verdict.Check{
			verdict.Metric("target.unexpected_ends").Equals(verdict.Count(0)).Because("a panic in a goroutine of its own ends the whole process").Guarding("oracle.isolate-panics"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("nine good answers and one error"),
		},
	}
}

// redirected answers lead in a circle, or away.
func redirected(p Profile) harness.Scenario {
	t := p.quick()
	return harness.Scenario{
		Name:     "oracle/redirected",
		Proves:   "A redirect that leads in a circle, or to another host, is not followed.",
		Guards:   []string{"oracle.redirect-limit"},
		World:    oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings: patient(500*time.Millisecond, time.Second, noBreaker),
		Timeline: t,
		Load:     []load.Stream{impacts("impact", 1, 10, t, failing(maxOracles, map[string]string{"oracle-1": "status|payload|unexpected|connection", "oracle-2": "status|payload|unexpected|connection"}, nil))},
		Faults: []harness.Fault{
			always("loop", oracleAPI, "redirect loop key=oracle-1"),
			always("away", oracleAPI, "redirect host location=http://127.0.0.1:9 key=oracle-2"),
		},
		Measures: []harness.Measure{callsPerRequest(oracleAPI, "impact")},
		Holds: []verdict.Check{
			verdict.Metric("oracle_api.calls_per_request").AtMost(verdict.Count(maxOracles + 2)).Because("a circle is left at once, as the fake counted it").Guarding("oracle.redirect-limit"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(time.Second)),
		},
	}
}

// refusals are statuses that say no.
func refusals(p Profile) harness.Scenario {
	t := p.quick()
	statuses := []string{"429 retry-after=1", "500", "502 html", "503 retry-after=30", "504 html", "401", "404"}
	var faults []harness.Fault
	for i, s := range statuses {
		faults = append(faults, always(fmt.Sprintf("status-%d", i+1), oracleAPI, fmt.Sprintf("status %s key=oracle-%d", s, i+1)))
	}
	return harness.Scenario{
		Name:     "oracle/refusals",
		Proves:   "An oracle that answers 429, 5xx or 4xx is an error of the class status beside the others' good answers.",
		Guards:   []string{"oracle.isolate-errors"},
		World:    oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings: noBreaker,
		Timeline: t,
		Load:     []load.Stream{impacts("impact", 1, 20, t, failing(maxOracles, each(firstTen[:len(statuses)], "status"), nil))},
		Faults:   faults,
		Holds: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("seven refusals, told apart from three good answers").Guarding("oracle.isolate-errors"),
		},
	}
}

// sickHost has two hosts, of which one hangs, and projects on both.
func sickHost(p Profile) harness.Scenario {
	t := p.disturbed()
	const most = 20
	settings := patient(2*time.Second, 2*time.Second, noBreaker)
	settings["ORACLE_HOST_MAX_IN_FLIGHT"] = fmt.Sprint(most)
	return harness.Scenario{
		Name:     "oracle/sick-host",
		Proves:   "While one host hangs, no more than 20 calls are spent on it at once, and projects on another host are as quick as ever.",
		Guards:   []string{"oracle.bulkhead"},
		World:    oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}, panel{project: 2, active: maxOracles, at: sickAPI}),
		Settings: settings,
		Timeline: t,
		Load: []load.Stream{
			impacts("impact", 1, 10, t, impact(maxOracles, nil)),
			impacts("sick", 2, 20, t, impact(maxOracles, each(firstTen, "timeout|connection"))),
		},
		Faults: []harness.Fault{misbehave("hang", sickAPI, "hang headers")},
		Holds: []verdict.Check{
			verdict.Metric("sick_api.most_in_flight").AtMost(verdict.Count(most)).Because("the bulkhead, as the fake counted it").Guarding("oracle.bulkhead"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the other host's projects lose nothing"),
			verdict.Metric("impact.latency.p90").In(result.Inject).AtMost(verdict.Duration(300 * time.Millisecond)),
			verdict.Metric("sick.failed").Equals(verdict.Count(0)),
			verdict.Metric("sick_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second),
		},
	}
}

// leftAlone has one oracle that fails for a while.
func leftAlone(p Profile) harness.Scenario {
	t := p.disturbed()
	const rate, failures = 40, 5
	const cooldown = 250 * time.Millisecond
	settings := map[string]string{"ORACLE_BREAKER_FAILURES": fmt.Sprint(failures), "ORACLE_BREAKER_COOLDOWN": cooldown.String()}
	// A tenth of the requests, all ten oracles of them, and what is tried anew.
	tried := int64(failures*2) + 2*int64(t.Inject/cooldown)
	healthy := int64(rate * t.Inject.Seconds() * (maxOracles - 1))
	return harness.Scenario{
		Name:       "oracle/left-alone",
		Proves:     "An oracle that keeps failing is left alone but for a try now and then, and is taken back when it is well.",
		Guards:     []string{"oracle.breaker"},
		World:      oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings:   settings,
		Compressed: []result.Compressed{{Name: "breaker's cooldown", RealS: 5, UsedS: cooldown.Seconds(), FactorBy: 5 / cooldown.Seconds()}},
		Timeline:   t,
		Load:       []load.Stream{impacts("impact", 1, rate, t, impact(maxOracles, map[string]string{"oracle-4": "status|connection"}))},
		Faults:     []harness.Fault{misbehave("down", oracleAPI, "status 503 key=oracle-4")},
		Measures:   []harness.Measure{callsPerRequest(oracleAPI, "impact")},
		Holds: []verdict.Check{
			verdict.Metric("oracle_api.calls").In(result.Inject).AtMost(verdict.Count(healthy + tried + maxOracles)).
				Because("five failures open the breaker, then one try per cooldown").Guarding("oracle.breaker"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the nine others are delivered meanwhile"),
			verdict.Metric("oracle_api.calls").In(result.Heal).AtLeast(verdict.Count(int64(rate*(t.Heal.Seconds()-2*cooldown.Seconds())*maxOracles - 2*maxOracles))).
				Because("it is taken back within two cooldowns of its healing"),
		},
	}
}

// unstable oracles flap, brown out, fail together and are overrun by our own calls.
func unstable(p Profile) harness.Scenario {
	t := p.disturbed()
	may := each(firstTen, "status|connection|timeout")
	return harness.Scenario{
		Name:     "oracle/unstable",
		Proves:   "Oracles that flap, that brown out, that fail five at once or buckle under load cost what they fail to say, and nothing when they are well again.",
		World:    oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings: patient(500*time.Millisecond, time.Second, map[string]string{"ORACLE_BREAKER_COOLDOWN": "200ms"}),
		Timeline: t,
		Load:     []load.Stream{impacts("impact", 1, 20, t, impact(maxOracles, may))},
		Faults: []harness.Fault{
			misbehave("flapping", oracleAPI, "status 503 flap=100ms/200ms key=oracle-1"),
			misbehave("brown-out", oracleAPI, fmt.Sprintf("status 500 p=0.8 from=0s to=%s ramp=%s key=oracle-2", t.Inject, t.Inject/3)),
			misbehave("together", oracleAPI, "close pick=5 key=oracle-3,oracle-4,oracle-5,oracle-6,oracle-7,oracle-8,oracle-9"),
			misbehave("overrun", oracleAPI, "overload base=5ms slope=40ms shed=2 key=oracle-10"),
		},
		Holds: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("errors of oracles are parts of a good answer"),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(time.Second)),
			verdict.Metric("oracle_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second).Because("what was overrun recovers once the trigger is gone"),
		},
	}
}

// callersHangUp gives up long before the oracles answer.
func callersHangUp(p Profile) harness.Scenario {
	t := p.disturbed()
	const rate, patience = 10, 150 * time.Millisecond
	stream := impacts("impact", 1, rate, t, impact(maxOracles, nil))
	stream.Timeout = patience
	settings := patient(5*time.Second, 5*time.Second, noBreaker)
	settings["ORACLE_HOST_MAX_IN_FLIGHT"] = "0"
	open := int64(3 * rate * patience.Seconds() * maxOracles)
	return harness.Scenario{
		Name:     "oracle/callers-hang-up",
		Proves:   "When callers hang up, the calls that were made for them are given up too, at once.",
		Guards:   []string{"oracle.cancel-abandoned"},
		World:    oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings: settings,
		Timeline: t,
		Load:     []load.Stream{stream},
		Faults:   []harness.Fault{misbehave("hang", oracleAPI, "hang headers")},
		Holds: []verdict.Check{
			verdict.Metric("oracle_api.most_in_flight").In(result.Inject).AtMost(verdict.Count(open)).
				Because("three times what those who still wait have under way").Guarding("oracle.cancel-abandoned"),
			verdict.Metric("impact.errors.timeout").In(result.Inject).AtLeast(verdict.Count(1)).Because("somebody must have hung up"),
			verdict.Metric("impact.ok_ratio").In(result.Heal).AtLeast(verdict.Percent(90)).Because("the service is well again at once"),
			verdict.Metric("oracle_api.in_flight").In(result.Heal).FallsTo(verdict.Count(maxOracles), time.Second),
		},
	}
}

// searchMeanwhile searches while all oracles hang: the source's pool that was
// used up by connections held while calling.
func searchMeanwhile(p Profile) harness.Scenario {
	t := p.disturbed()
	settings := patient(2*time.Second, 2*time.Second, noBreaker)
	settings["ORACLE_HOST_MAX_IN_FLIGHT"] = "0"
	return harness.Scenario{
		Name:     "oracle/search-meanwhile",
		Proves:   "While all oracles hang, no database connection is held by who waits for them, and searches stay as quick as ever.",
		Guards:   []string{"oracle.release-connection"},
		World:    oracleWorld(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings: settings,
		Timeline: t,
		Load: []load.Stream{
			impacts("impact", 1, 20, t, impact(maxOracles, each(firstTen, "timeout"))),
			{Name: "search", Profile: load.Constant(20, t.Total()), Next: searching(schema.TermTwoHundred), Expect: load.Status(200)},
		},
		Faults: []harness.Fault{misbehave("hang", oracleAPI, "hang headers")},
		Watch:  []probe.Metric{{Series: probe.Series{Name: "target.db_pool_in_use", Unit: result.UnitCount}, Name: "db_pool_in_use"}},
		Holds: []verdict.Check{
			verdict.Metric("search.failed").In(result.Inject).Equals(verdict.Count(0)).Because("nobody else is holding the pool's connections").Guarding("oracle.release-connection"),
			verdict.Metric("search.latency.p90").In(result.Inject).AtMost(verdict.Duration(200 * time.Millisecond)).Guarding("oracle.release-connection"),
			verdict.Metric("target.db_pool_in_use.max").AtMost(verdict.Count(4)).Because("of ten; a search or two, and the readings of who is just coming in"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
		},
	}
}
