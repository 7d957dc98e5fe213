package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// oversized answers try the memory.
func oversized(p profile.Profile, s *service) harness.Scenario {
	t := p.Quick()
	about := s.project(s.AtMost, s.Here)
	asked := s.named(about, 3)
	s.patient(time.Second, time.Second)
	s.give(contract.BreakerFailures, "0")
	return s.in(harness.Scenario{
		Name:        "oracle/oversized",
		Claim:       "A body that never ends, one that unpacks to 64 MB and a header of 1 MB cost an error each, and no memory.",
		Protections: []string{"oracle.body-limit"},
		Timeline:    t,
		Load: []load.Stream{s.impacts("impact", about, 8, t, s.failing(about,
			fails{asked[0]: {contract.TooLarge}, asked[1]: {contract.TooLarge}, asked[2]: {contract.TooLarge, contract.Connection}}, nil))},
		Faults: []harness.Fault{
			adapter.Always("endless", s.Here, "endless bytes=64MiB key="+asked[0]),
			adapter.Always("bomb", s.Here, "gzipbomb bytes=64MiB key="+asked[1]),
			adapter.Always("header", s.Here, "bigheader bytes=1MiB key="+asked[2]),
		},
		Checks: []verdict.Check{
			verdict.Metric(s.Program + ".rss_peak.max").Below(verdict.Bytes(s.Memory)).Because("a hostile answer is read no further than its limit").Guarding("oracle.body-limit"),
			verdict.Metric(s.here("abandoned")).AtLeast(verdict.Count(int64(8 * t.Total().Seconds() * 9 / 10))).Because("nobody waits for the end of a body that has none").Guarding("oracle.body-limit"),
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because("these three are too large, the others are delivered").Guarding("oracle.body-limit"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
		},
	})
}

// brokenConnections breaks calls on the wire, on fresh and on reused connections.
func brokenConnections(p profile.Profile, s *service) harness.Scenario {
	t := p.Quick()
	about := s.project(s.AtMost, s.Here)
	other := s.project(s.AtMost, s.There)
	asked := s.named(about, 6)
	s.give(contract.BreakerFailures, "0")
	broken := each(asked[:3], contract.Connection)
	maps.Copy(broken, each(asked[3:6], contract.Connection, contract.BadPayload))
	return s.in(harness.Scenario{
		Name:        "oracle/broken-connections",
		Claim:       "Calls that break on the wire are an error each, are made once and not silently again, and leave the others alone.",
		Protections: []string{"oracle.isolate-errors"},
		Timeline:    t,
		Load: []load.Stream{
			s.impacts("impact", about, 10, t, s.failing(about, broken, nil)),
			// A connection that was kept open is closed as it is used again; fresh ones are spared.
			s.impacts("reused", other, 10, t, s.whole(other, fails{s.named(other, 1)[0]: {contract.Connection}})),
		},
		Faults: []harness.Fault{
			adapter.Always("reset", s.Here, "reset before key="+asked[0]),
			adapter.Always("close", s.Here, "close key="+asked[1]),
			adapter.Always("garbage", s.Here, "garbage bytes=512 key="+asked[2]),
			adapter.Always("reset-body", s.Here, "reset body key="+asked[3]),
			adapter.Always("cut", s.Here, "cut length key="+asked[4]),
			adapter.Always("bad-chunk", s.Here, "badchunk key="+asked[5]),
			adapter.Always("idle-close", s.There, "idleclose key="+s.named(other, 1)[0]),
		},
		Measures: []harness.Measure{s.callsPerRequest(s.Here, "impact"), s.callsPerRequest(s.There, "reused")},
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the others' good answers beside those that broke").Guarding("oracle.isolate-errors"),
			verdict.Metric(s.here("calls_per_request")).Equals(verdict.Count(int64(s.AtMost))).Because("an HTTP library that tries again by itself would show here"),
			verdict.Metric(s.there("calls_per_request")).Equals(verdict.Count(int64(s.AtMost))).Because("net/http would send again what a reused connection lost"),
			verdict.Metric("reused.failed").Equals(verdict.Count(0)),
		},
	})
}

// noSuchHost has some APIs at a host whose name means nothing: one that was given up, or
// written wrongly.
func noSuchHost(p profile.Profile, s *service) harness.Scenario {
	t := p.Quick()
	const lost = 2
	about := s.nameless(s.AtMost, s.Here, lost)
	s.give(contract.BreakerFailures, "0")
	return s.in(harness.Scenario{
		Name:        "oracle/no-such-host",
		Claim:       "An API whose host no name server knows is an error, at once, which does not tell the name; the others are delivered.",
		Protections: []string{"oracle.isolate-errors"},
		Timeline:    t,
		Load:        []load.Stream{s.impacts("impact", about, 30, t, s.failing(about, each(about.Nowhere, contract.Connection), nil))},
		Measures:    []harness.Measure{s.callsPerRequest(s.Here, "impact")},
		Checks: []verdict.Check{
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because("each of these is an error of the connection"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the others' good answers beside those that are nowhere").Guarding("oracle.isolate-errors"),
			verdict.Metric(s.here("calls_per_request")).Equals(verdict.Count(int64(s.AtMost - lost))).Because("the others are asked once each"),
			verdict.Metric("impact.latency.p90").AtMost(verdict.Duration(500 * time.Millisecond)).Because("nobody waits for a name that there is not"),
		},
	})
}

// malformedAnswers are every wrong answer of the catalogue, one an oracle.
func malformedAnswers(p profile.Profile, s *service) harness.Scenario {
	t := p.Quick()
	about := s.project(s.AtMost, s.Here)
	other := s.project(s.AtMost, s.There)
	s.give(contract.BreakerFailures, "0")
	kinds := s.changing(s.Here, "json malformed", "json html", "json types", "json nulls", "json nan", "json huge", "json duplicate", "wrong id", "wrong stale", "cut silent")
	asked := s.named(about, len(kinds))
	more := s.changing(s.There, "json null", "json deep depth=10000", "json missing field=data", "json empty", "status 204")
	otherAsked := s.named(other, len(more))
	var faults []harness.Fault
	for i, kind := range kinds {
		faults = append(faults, adapter.Always(fmt.Sprintf("wrong-%d", i+1), s.Here, fmt.Sprintf("%s key=%s", kind, asked[i])))
	}
	for i, kind := range more {
		faults = append(faults, adapter.Always(fmt.Sprintf("more-%d", i+1), s.There, fmt.Sprintf("%s key=%s", kind, otherAsked[i])))
	}
	good := s.impacts("more", other, 10, t, s.failing(other, each(otherAsked, contract.BadPayload, contract.BadStatus), nil))
	return s.in(harness.Scenario{
		Name:        "oracle/malformed-answers",
		Claim:       "No answer that is " + wrongly(kinds) + " is passed on as data.",
		Protections: []string{"oracle.validate-answer"},
		Timeline:    t,
		Load:        []load.Stream{s.impacts("impact", about, 10, t, s.failing(about, each(asked, contract.BadPayload, contract.Connection), nil)), good},
		Faults:      faults,
		Checks: []verdict.Check{
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because("each of these answers is wrong, and called so").Guarding("oracle.validate-answer"),
			verdict.Metric("more.wrong").Equals(verdict.Count(0)).Because(count(len(more)) + " that are wrong beside those that are right").Guarding("oracle.validate-answer"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("more.failed").Equals(verdict.Count(0)),
		},
	})
}

// oneThingWrong has answers that are right but for one thing: whoever looks at the others
// does not see it.
func oneThingWrong(p profile.Profile, s *service) harness.Scenario {
	t := p.Quick()
	about := s.project(s.AtMost, s.Here)
	s.give(contract.BreakerFailures, "0")
	const values = 2 // of the APIs of which one value at a time is wrong
	kinds := []string{"wrong other", "wrong future", "json more", "json bytes"}
	asked := s.named(about, 2*values+len(kinds))
	faults := []harness.Fault{
		adapter.Always("value", s.Here, "json one key="+strings.Join(asked[:values], ",")),
		adapter.Always("impossible", s.Here, "wrong impossible key="+strings.Join(asked[values:2*values], ",")),
	}
	for i, kind := range kinds {
		faults = append(faults, adapter.Always(strings.Fields(kind)[1], s.Here, kind+" key="+asked[2*values+i]))
	}
	return s.in(harness.Scenario{
		Name:        "oracle/one-thing-wrong",
		Claim:       "An answer of which one value is of another type, null, left out or impossible, which is another's, of a time to come, no UTF-8 or followed by more is not passed on as data.",
		Protections: []string{"oracle.validate-answer"},
		Timeline:    t,
		Load:        []load.Stream{s.impacts("impact", about, 20, t, s.failing(about, each(asked, contract.BadPayload), nil))},
		Faults:      faults,
		Checks: []verdict.Check{
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because("one thing that is wrong is enough").Guarding("oracle.validate-answer"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the others' good answers beside it"),
		},
	})
}

// wrongly is in which ways answers are wrong, in words.
func wrongly(kinds []string) string {
	ways := []string{"malformed"}
	for _, way := range []struct{ kind, words string }{
		{"json types", "of the wrong types"}, {"wrong id", "about another project"}, {"wrong stale", "out of date"}, {"cut silent", "cut short"},
	} {
		if slices.Contains(kinds, way.kind) {
			ways = append(ways, way.words)
		}
	}
	last := len(ways) - 1
	return strings.TrimPrefix(strings.Join(ways[:last], ", ")+" or "+ways[last], " or ")
}

// trustingAdapter panics over an answer: third-party code, as the source's
// oracles are.
func trustingAdapter(p profile.Profile, s *service) harness.Scenario {
	t := p.Quick()
	about := s.project(s.AtMost, s.Here, 5)
	asked := s.named(about, 5)
	s.give(contract.BreakerFailures, "0")
	const wrong = "json types"
	if len(s.changing(s.Here, wrong)) == 0 {
		s.draft.Needs(contract.Untold{Key: "what " + s.Here + " answers has no value whose type could be another"})
	}
	classes := []contract.ImpactClass{contract.Unexpected}
	if len(about.Trusting) == 0 { // an adapter that does not trust finds what is wrong
		classes = append(classes, contract.BadPayload)
	}
	return s.in(harness.Scenario{
		Name:        "oracle/panicking-adapter",
		Claim:       "An adapter that panics over an answer costs that one oracle, not the process and all who are being served.",
		Protections: []string{"oracle.isolate-panics"},
		Timeline:    t,
		Load:        []load.Stream{s.impacts("impact", about, 20, t, s.failing(about, fails{asked[4]: classes}, nil))},
		Faults:      []harness.Fault{adapter.Always("types", s.Here, wrong+" key="+asked[4])},
		Checks: []verdict.Check{
			verdict.Metric(s.Program + ".unexpected_ends").Equals(verdict.Count(0)).Because("a panic in a goroutine of its own ends the whole process").Guarding("oracle.isolate-panics"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because(count(s.AtMost-1) + " good answers and one error"),
		},
	})
}

// redirected answers lead in a circle, or away.
func redirected(p profile.Profile, s *service) harness.Scenario {
	t := p.Quick()
	about := s.project(s.AtMost, s.Here)
	asked := s.named(about, 2)
	s.patient(500*time.Millisecond, time.Second)
	s.give(contract.BreakerFailures, "0")
	claim, faults := "A redirect that leads in a circle is not followed.", []harness.Fault{adapter.Always("loop", s.Here, "redirect loop key="+asked[0])}
	measures, checks := []harness.Measure{s.callsPerRequest(s.Here, "impact")}, []verdict.Check(nil)
	if s.Elsewhere == "" {
		s.notTried = append(s.notTried, "a redirect to another host, for no second place is told")
	} else {
		claim = "A redirect that leads in a circle, or to another host, is not followed."
		away := s.Elsewhere
		if s.LedTo != "" {
			away += ledPath
		}
		faults = append(faults, adapter.Always("away", s.Here, "redirect host location="+away+" key="+asked[1]))
	}
	if s.LedTo != "" {
		s.another(s.AtMost, s.LedTo) // or the place would not be there
		measures = append(measures, s.ledTo("away"))
		checks = append(checks, verdict.Metric(s.LedTo+".led_to").Equals(verdict.Count(0)).Because("nobody is asked because another says so").Guarding("oracle.redirect-limit"))
	}
	return s.in(harness.Scenario{
		Name:        "oracle/redirected",
		Claim:       claim,
		Protections: []string{"oracle.redirect-limit"},
		Timeline:    t,
		Load:        []load.Stream{s.impacts("impact", about, 10, t, s.failing(about, each(asked[:len(faults)], contract.BadStatus, contract.BadPayload, contract.Unexpected, contract.Connection), nil))},
		Faults:      faults,
		Measures:    measures,
		Checks: append([]verdict.Check{
			verdict.Metric(s.here("calls_per_request")).AtMost(verdict.Count(int64(s.AtMost) + 2)).Because("a circle is left at once, as the fake counted it").Guarding("oracle.redirect-limit"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(time.Second)),
		}, checks...),
	})
}

// refusals are statuses that say no: of an oracle that is in no state to answer, and
// of one that finds the question wrong.
func refusals(p profile.Profile, s *service) harness.Scenario {
	t := p.Quick()
	about := s.project(s.AtMost, s.Here)
	asked := s.named(about, 9)
	sick, asker := []string{"429 retry-after=1", "500", "502 html", "503 retry-after=30", "504 html"}, []string{"401", "403", "404", "422"}
	expected := each(asked[:len(sick)], contract.BadStatus, contract.Connection)
	maps.Copy(expected, each(asked[len(sick):len(sick)+len(asker)], contract.BadStatus))
	var faults []harness.Fault
	for i, status := range slices.Concat(sick, asker) {
		faults = append(faults, adapter.Always(fmt.Sprintf("status-%d", i+1), s.Here, fmt.Sprintf("status %s key=%s", status, asked[i])))
	}
	return s.in(harness.Scenario{
		Name:        "oracle/refusals",
		Claim:       "An oracle that answers 429 or 5xx is an error beside the others' good answers; one that answers another 4xx is asked each time, for it is well.",
		Protections: []string{"oracle.isolate-errors"},
		Timeline:    t,
		Load:        []load.Stream{s.impacts("impact", about, 20, t, s.failing(about, expected, nil))},
		Faults:      faults,
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("nine refusals, told apart from a good answer; who is asked wrongly is not sick").Guarding("oracle.isolate-errors"),
		},
	})
}
