package oracle

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/profile"
)

// oversized answers try the memory.
func oversized(p profile.Profile) harness.Scenario {
	t := p.Quick()
	return harness.Scenario{
		Name:        "oracle/oversized",
		Claim:       "A body that never ends, one that unpacks to 64 MB and a header of 1 MB cost an error each, and no memory.",
		Protections: []string{"oracle.body-limit"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings:    patient(time.Second, time.Second, noBreaker),
		Timeline:    t,
		Load: []load.Stream{impacts("impact", 1, 8, t, failing(maxOracles,
			map[string]string{"oracle-1": "too_large", "oracle-2": "too_large", "oracle-3": "too_large|connection"}, nil))},
		Faults: []harness.Fault{
			adapter.Always("endless", oracleAPI, "endless bytes=64MiB key=oracle-1"),
			adapter.Always("bomb", oracleAPI, "gzipbomb bytes=64MiB key=oracle-2"),
			adapter.Always("header", oracleAPI, "bigheader bytes=1MiB key=oracle-3"),
		},
		Checks: []verdict.Check{
			verdict.Metric("target.rss_peak.max").Below(verdict.Bytes(profile.MaxMemory)).Because("a hostile answer is read no further than its limit").Guarding("oracle.body-limit"),
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because("these three are too large, the seven others are delivered").Guarding("oracle.body-limit"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
		},
	}
}

// brokenConnections breaks calls on the wire, on fresh and on reused connections.
func brokenConnections(p profile.Profile) harness.Scenario {
	t := p.Quick()
	broken := map[string]string{
		"oracle-1": "connection", "oracle-2": "connection", "oracle-3": "connection",
		"oracle-4": "connection|payload", "oracle-5": "connection|payload", "oracle-6": "connection|payload",
	}
	return harness.Scenario{
		Name:        "oracle/broken-connections",
		Claim:       "Calls that break on the wire are an error each, are made once and not silently again, and leave the others alone.",
		Protections: []string{"oracle.isolate-errors"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI}, panel{project: 2, active: maxOracles, at: sickAPI}),
		Settings:    noBreaker,
		Timeline:    t,
		Load: []load.Stream{
			impacts("impact", 1, 10, t, failing(maxOracles, broken, nil)),
			// A connection that was kept open is closed as it is used again; fresh ones are spared.
			impacts("reused", 2, 10, t, impact(maxOracles, map[string]string{"oracle-1": "connection"})),
		},
		Faults: []harness.Fault{
			adapter.Always("reset", oracleAPI, "reset before key=oracle-1"),
			adapter.Always("close", oracleAPI, "close key=oracle-2"),
			adapter.Always("garbage", oracleAPI, "garbage bytes=512 key=oracle-3"),
			adapter.Always("reset-body", oracleAPI, "reset body key=oracle-4"),
			adapter.Always("cut", oracleAPI, "cut length key=oracle-5"),
			adapter.Always("bad-chunk", oracleAPI, "badchunk key=oracle-6"),
			adapter.Always("idle-close", sickAPI, "idleclose key=oracle-1"),
		},
		Measures: []harness.Measure{callsPerRequest(oracleAPI, "impact"), callsPerRequest(sickAPI, "reused")},
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("four good answers beside those that broke").Guarding("oracle.isolate-errors"),
			verdict.Metric("oracle_api.calls_per_request").Equals(verdict.Count(maxOracles)).Because("an HTTP library that tries again by itself would show here"),
			verdict.Metric("sick_api.calls_per_request").Equals(verdict.Count(maxOracles)).Because("net/http would send again what a reused connection lost"),
			verdict.Metric("reused.failed").Equals(verdict.Count(0)),
		},
	}
}

// malformedAnswers are every wrong answer of the catalogue, one an oracle.
func malformedAnswers(p profile.Profile) harness.Scenario {
	t := p.Quick()
	kinds := []string{"json malformed", "json html", "json types", "json nulls", "json nan", "json huge", "json duplicate", "wrong id", "wrong stale", "cut silent"}
	more := []string{"json null", "json deep depth=10000", "json missing field=data", "json empty", "status 204"}
	var faults []harness.Fault
	for i, kind := range kinds {
		faults = append(faults, adapter.Always(fmt.Sprintf("wrong-%d", i+1), oracleAPI, fmt.Sprintf("%s key=oracle-%d", kind, i+1)))
	}
	for i, kind := range more {
		faults = append(faults, adapter.Always(fmt.Sprintf("more-%d", i+1), sickAPI, fmt.Sprintf("%s key=oracle-%d", kind, i+1)))
	}
	good := impacts("more", 2, 10, t, failing(maxOracles, each(firstTen[:len(more)], "payload|status"), nil))
	return harness.Scenario{
		Name:        "oracle/malformed-answers",
		Claim:       "No answer that is malformed, of the wrong types, about another project, out of date or cut short is passed on as data.",
		Protections: []string{"oracle.validate-answer"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI}, panel{project: 2, active: maxOracles, at: sickAPI}),
		Settings:    noBreaker,
		Timeline:    t,
		Load:        []load.Stream{impacts("impact", 1, 10, t, failing(maxOracles, each(firstTen, "payload|connection"), nil)), good},
		Faults:      faults,
		Checks: []verdict.Check{
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because("each of these ten answers is wrong, and called so").Guarding("oracle.validate-answer"),
			verdict.Metric("more.wrong").Equals(verdict.Count(0)).Because("five that are wrong beside five that are right").Guarding("oracle.validate-answer"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("more.failed").Equals(verdict.Count(0)),
		},
	}
}

// trustingAdapter panics over an answer: third-party code, as the source's
// oracles are.
func trustingAdapter(p profile.Profile) harness.Scenario {
	t := p.Quick()
	return harness.Scenario{
		Name:        "oracle/panicking-adapter",
		Claim:       "An adapter that panics over an answer costs that one oracle, not the process and all who are being served.",
		Protections: []string{"oracle.isolate-panics"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI, legacy: map[string]bool{"oracle-5": true}}),
		Settings:    noBreaker,
		Timeline:    t,
		Load:        []load.Stream{impacts("impact", 1, 20, t, failing(maxOracles, map[string]string{"oracle-5": "unexpected"}, nil))},
		Faults:      []harness.Fault{adapter.Always("types", oracleAPI, "json types key=oracle-5")},
		Checks: []verdict.Check{
			verdict.Metric("target.unexpected_ends").Equals(verdict.Count(0)).Because("a panic in a goroutine of its own ends the whole process").Guarding("oracle.isolate-panics"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("nine good answers and one error"),
		},
	}
}

// redirected answers lead in a circle, or away.
func redirected(p profile.Profile) harness.Scenario {
	t := p.Quick()
	return harness.Scenario{
		Name:        "oracle/redirected",
		Claim:       "A redirect that leads in a circle, or to another host, is not followed.",
		Protections: []string{"oracle.redirect-limit"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Settings:    patient(500*time.Millisecond, time.Second, noBreaker),
		Timeline:    t,
		Load:        []load.Stream{impacts("impact", 1, 10, t, failing(maxOracles, map[string]string{"oracle-1": "status|payload|unexpected|connection", "oracle-2": "status|payload|unexpected|connection"}, nil))},
		Faults: []harness.Fault{
			adapter.Always("loop", oracleAPI, "redirect loop key=oracle-1"),
			adapter.Always("away", oracleAPI, "redirect host location=http://127.0.0.1:9 key=oracle-2"),
		},
		Measures: []harness.Measure{callsPerRequest(oracleAPI, "impact")},
		Checks: []verdict.Check{
			verdict.Metric("oracle_api.calls_per_request").AtMost(verdict.Count(maxOracles + 2)).Because("a circle is left at once, as the fake counted it").Guarding("oracle.redirect-limit"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(time.Second)),
		},
	}
}

// refusals are statuses that say no: of an oracle that is in no state to answer, and
// of one that finds the question wrong.
func refusals(p profile.Profile) harness.Scenario {
	t := p.Quick()
	sick, asker := []string{"429 retry-after=1", "500", "502 html", "503 retry-after=30", "504 html"}, []string{"401", "403", "404", "422"}
	expected := each(firstTen[:len(sick)], "status|connection")
	maps.Copy(expected, each(firstTen[len(sick):len(sick)+len(asker)], "status"))
	var faults []harness.Fault
	for i, s := range slices.Concat(sick, asker) {
		faults = append(faults, adapter.Always(fmt.Sprintf("status-%d", i+1), oracleAPI, fmt.Sprintf("status %s key=oracle-%d", s, i+1)))
	}
	return harness.Scenario{
		Name:        "oracle/refusals",
		Claim:       "An oracle that answers 429 or 5xx is an error beside the others' good answers; one that answers another 4xx is asked each time, for it is well.",
		Protections: []string{"oracle.isolate-errors"},
		World:       world(p, panel{project: 1, active: maxOracles, at: oracleAPI}),
		Timeline:    t,
		Load:        []load.Stream{impacts("impact", 1, 20, t, failing(maxOracles, expected, nil))},
		Faults:      faults,
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("nine refusals, told apart from a good answer; who is asked wrongly is not sick").Guarding("oracle.isolate-errors"),
		},
	}
}
