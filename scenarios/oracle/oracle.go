// Package oracle is what Holdfast can show about the impact service, which asks
// oracles outside of it: its scenarios, its protections and the gains that were
// promised of it.
//
// Start with hundredActive in this file, the source's own test. answers.go is
// about oracles that answer wrongly, hosts.go about those that fail for a while,
// trouble.go about the database beneath.
// expect.go is what the right answer is. Beside what each scenario checks, audit.go
// holds every answer of all of them against the calls that the fakes saw. What the
// scenarios know of the service is a [contract.Impact]: service.go asks it.
package oracle

import (
	"fmt"
	"strconv"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Sized is an impact service over so many projects, and Searches its search.
type (
	Sized    func(projects int) contract.Impact
	Searches func(projects int) contract.Search
)

// Scenarios lists the scenarios of an impact service at the size of a profile, which
// searches, too.
func Scenarios(p profile.Profile, of Sized, searches Searches) []harness.Scenario {
	search := searches(p.Projects)
	return Of(p, of(p.Projects), &search)
}

// Of lists those of a service at the size that it has. Without a search, the one that
// searches meanwhile cannot be tried.
func Of(p profile.Profile, one contract.Impact, search *contract.Search) []harness.Scenario {
	var all []harness.Scenario
	for _, scenario := range []func(profile.Profile, *service) harness.Scenario{
		hundredActive, anyProject, manyActive, oneHangs, dripping, oversized, brokenConnections, malformedAnswers, trustingAdapter, redirected,
		refusals, allHang, deadlineAsSet, slowWaves, sickHost, busyHost, trialFindsNoPlace, leftAlone, unstable, callersHangUp, impatientCallers,
		trialsCutShort,
	} {
		all = append(all, scenario(p, over(one)))
	}
	if one.Spoils == nil { // what each value of an answer must be is known
		all = append(all, oneThingWrong(p, over(one)))
	}
	if one.Shares {
		all = append(all, sharedHost(p, over(one)))
	}
	if one.Nameless {
		all = append(all, noSuchHost(p, over(one)))
	}
	if search != nil && search.Settings[contract.Concurrent].Settable() { // so it has a bound
		all = append(all, searchesOverrun(p, over(one), search))
	}
	return append(all, searchMeanwhile(p, over(one), search), spared(p, over(one)), databaseTrouble(p, over(one)))
}

// hundredActive is the source's own test: of 100 active oracles ten are asked.
func hundredActive(p profile.Profile, s *service) harness.Scenario {
	t := p.Steady()
	about := s.project(activeOracles, s.Here)
	const each = 100 * time.Millisecond
	which, says, right := "", "", count(s.AtMost)+" good answers"
	if len(about.Asked) > 0 {
		which = "the first "
	}
	if s.Tells.Active {
		right += ", 100 active"
	}
	if s.Tells.Truncated {
		says, right = ", and the answer says that the rest was left out", right+", cut"
	}
	return s.in(harness.Scenario{
		Name:        "oracle/hundred-active",
		Claim:       fmt.Sprintf("Of 100 active oracles %s%s are asked, at the same time%s.", which, count(s.AtMost), says),
		Protections: []string{"oracle.cap", "oracle.concurrent-calls"},
		Headline:    true,
		Timeline:    t,
		Load:        []load.Stream{s.impacts("impact", about, 20, t, s.whole(about, nil))},
		Faults:      []harness.Fault{adapter.Always("slow", s.Here, "delay "+each.String())},
		Measures:    []harness.Measure{s.callsPerRequest(s.Here, "impact"), s.beyondCap(about)},
		Checks: []verdict.Check{
			verdict.Metric(s.here("asked_per_project")).Equals(verdict.Count(int64(s.AtMost))).Because("the source's own recommended test: exactly " + strconv.Itoa(s.AtMost) + " processed").Guarding("oracle.cap"),
			verdict.Metric(s.here("beyond_cap")).Equals(verdict.Count(0)).Because("which " + count(s.AtMost) + " is documented: the first by position").Guarding("oracle.cap"),
			verdict.Metric(s.here("calls_per_request")).Equals(verdict.Count(int64(s.AtMost))).Because("each is asked once, as the fake counted it"),
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)).Because(right),
			verdict.Metric("impact.latency.p50").AtMost(verdict.Duration(each * 3 / 2)).Because(count(s.AtMost) + " calls of 0.1 s at the same time; in two waves they take 0.2 s").Guarding("oracle.concurrent-calls"),
			verdict.Metric(together).AtLeast(verdict.Count(int64(s.AtMost))).Because("all " + count(s.AtMost) + " were under way at once, as the fake counted them").Guarding("oracle.concurrent-calls"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric(s.Program + ".rss_peak.max").Below(verdict.Bytes(s.Memory)),
		},
	})
}

// anyProject asks about projects and about what is none, drawn from the run's seed
// as their oracles are, and holds each answer against what is right.
func anyProject(p profile.Profile, s *service) harness.Scenario {
	t := p.Steady()
	sc := harness.Scenario{
		Name:     "oracle/any-project",
		Claim:    "Whatever project is asked about, by whatever id, the answer is the one that follows from the table, or the refusal that fits.",
		Timeline: t,
	}
	if s.Any == nil {
		s.draft.Needs(contract.Untold{Key: "the one right answer to just any project follows from all that there are, and no mapping has that"})
		return s.in(sc)
	}
	drawn := s.Any()
	sc.World = drawn.World
	sc.Load = []load.Stream{drawn.Stream("any", load.Throughout(60).Over(t.Phases()))}
	sc.Checks = []verdict.Check{verdict.Metric("any.failed").Equals(verdict.Count(0)).Because("each answer is right, field by field")}
	return s.observed(drawn.In(sc))
}

// manyActive asks ten of very many.
func manyActive(p profile.Profile, s *service) harness.Scenario {
	t := p.Quick()
	about := s.project(many, s.Here)
	other := s.project(more, s.There)
	return s.in(harness.Scenario{
		Name:     "oracle/ten-of-many",
		Claim:    "Of 1,000 and of 10,000 active oracles " + count(s.AtMost) + " are asked, as quickly and in as little memory as of 100.",
		Timeline: t,
		Load: []load.Stream{
			s.impacts("impact", about, 40, t, s.whole(about, nil)),
			s.impacts("more", other, 40, t, s.whole(other, nil)),
		},
		Measures: []harness.Measure{
			s.callsPerRequest(s.Here, "impact"), s.beyondCap(about), s.callsPerRequest(s.There, "more"), s.beyondCap(other),
		},
		Checks: []verdict.Check{
			verdict.Metric(s.here("calls_per_request")).Equals(verdict.Count(int64(s.AtMost))),
			verdict.Metric(s.there("calls_per_request")).Equals(verdict.Count(int64(s.AtMost))),
			verdict.Metric(s.here("beyond_cap")).Equals(verdict.Count(0)),
			verdict.Metric(s.there("beyond_cap")).Equals(verdict.Count(0)),
			verdict.Metric("impact.wrong").Equals(verdict.Count(0)),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
			verdict.Metric("more.failed").Equals(verdict.Count(0)),
			verdict.Metric("impact.latency.p90").AtMost(verdict.Duration(100 * time.Millisecond)),
			verdict.Metric("more.latency.p90").AtMost(verdict.Duration(100 * time.Millisecond)),
			verdict.Metric(s.Program + ".rss_peak.max").Below(verdict.Bytes(s.Memory)),
		},
	})
}

// allHang is the other half of the source's test, with its literal 10 s in the
// bench profile: nobody waits longer, whatever the oracles do.
func allHang(p profile.Profile, s *service) harness.Scenario {
	about := s.project(activeOracles, s.Here)
	deadline := s.answersWithin(p.CallTimeout)
	s.bound(contract.CallTimeout, deadline)
	t := soonWell(hanging(p, deadline))
	return s.in(harness.Scenario{
		Name:       "oracle/all-hang",
		Claim:      fmt.Sprintf("While all of 100 oracles hang, no answer comes later than %s, and it names every one that was asked.", deadline),
		Headline:   true,
		Compressed: s.compressed("call timeout and overall deadline", contract.Deadline, deadline),
		Timeline:   t,
		Load:       []load.Stream{s.impacts("impact", about, 4, t, s.whole(about, s.all(about, contract.TimedOut, contract.Connection)))},
		Faults:     []harness.Fault{adapter.Misbehave("hang", s.Here, "hang headers")},
		Checks: []verdict.Check{
			verdict.Metric("impact.latency.max").AtMost(latest(deadline)).Because("the source's own recommended test: no answer later than 10 s"),
			verdict.Metric("impact.latency.max").AtLeast(verdict.Duration(deadline * 9 / 10)).Because("somebody must have waited, or the bound was not tried").OrNotExercised(),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("an answer that tells what is missing, not an error"),
			verdict.Metric(s.here("in_flight")).In(result.Heal).FallsTo(verdict.Count(int64(s.AtMost)), time.Second).Because("calls that were given up are let go of"),
		},
	})
}

// deadlineAsSet waits for the deadline that the service has where nobody sets one, which
// the other scenarios make shorter: what else ends an answer's time must come later.
func deadlineAsSet(p profile.Profile, s *service) harness.Scenario {
	about := s.project(activeOracles, s.Here)
	deadline := s.Settings[contract.Deadline].Is
	after := deadline.String()
	if deadline == 0 {
		s.needs("settings."+string(contract.Deadline), "10s")
		after = "its own deadline"
	}
	const rate, some = 6, 500 * time.Millisecond
	t := harness.Timeline{Baseline: some / 5, Inject: deadline + 2*some, Heal: some / 5}
	stream := s.impacts("impact", about, rate, t, s.whole(about, s.all(about, contract.TimedOut, contract.Connection)))
	stream.Profile, stream.StartAt = load.Constant(rate, some), t.Start(result.Inject)+some/5
	return s.in(harness.Scenario{
		Slow:     deadline > 15*time.Second,
		Name:     "oracle/deadline-as-set",
		Claim:    fmt.Sprintf("With the times that it has anyway, an answer while all oracles hang comes after %s, and whole: nothing cuts it off before.", after),
		Timeline: t,
		Load:     []load.Stream{stream},
		Faults:   []harness.Fault{adapter.Misbehave("hang", s.Here, "hang headers")},
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).AsPrimary().Because("an answer that tells what is missing, not an error, and not a connection that ends"),
			verdict.Metric("impact.latency.max").AtMost(latest(deadline)),
			verdict.Metric("impact.latency.max").AtLeast(verdict.Duration(deadline * 9 / 10)).Because("somebody must have waited, or nothing was tried").OrNotExercised(),
		},
	})
}

// slowWaves has more oracles than are asked at once, all too slow: without one
// overall deadline the waves add up.
func slowWaves(p profile.Profile, s *service) harness.Scenario {
	about := s.project(s.AtMost, s.Here)
	deadline := s.answersWithin(p.CallTimeout)
	// The first call is in by the deadline, and the second is not.
	patience, query := deadline*3/8, deadline/6
	claim := "Call after call, each just within its own timeout, still ends at the one deadline of the request, with what is in by then."
	if !s.Settings[contract.CallsAtOnce].Settable() {
		patience, query = deadline*3/4, deadline/4 // of one wave that is too late
		claim = "Calls that are each just within their own timeout, however many at once, still end at the one deadline of the request."
	}
	call := s.bound(contract.CallTimeout, patience)
	t := soonWell(hanging(p, deadline))
	s.give(contract.BreakerFailures, "0")
	s.give(contract.CallsAtOnce, "1")
	faults := []harness.Fault{adapter.Misbehave("slow", s.Here, "delay "+(call*8/9).String())}
	if s.FromArrival {
		took := min(query, s.time(contract.StatementTimeout)*3/4)
		faults = append(faults, harness.Fault{ID: "slow-database", On: harness.OnDatabase, Kind: fault.After(took)})
	}
	return s.in(harness.Scenario{
		Name:        "oracle/slow-waves",
		Claim:       claim,
		Protections: []string{"oracle.overall-deadline"},
		Compressed:  s.compressed("overall deadline", contract.Deadline, deadline),
		Timeline:    t,
		Load:        []load.Stream{s.impacts("impact", about, 2, t, s.whole(about, s.all(about, contract.TimedOut)))},
		Faults:      faults,
		Checks: []verdict.Check{
			verdict.Metric("impact.latency.max").AtMost(latest(deadline)).Because("one deadline for the request, however many waves, and however long its database takes").Guarding("oracle.overall-deadline"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("what was in by then is delivered"),
		},
	})
}

// oneHangs loses one of ten.
func oneHangs(p profile.Profile, s *service) harness.Scenario {
	t := soonWell(p.Disturbed())
	about := s.project(s.AtMost, s.Here)
	asked := s.named(about, 3)
	call, _ := s.patient(300*time.Millisecond, 3*time.Second)
	s.give(contract.BreakerFailures, "0")
	return s.in(harness.Scenario{
		Name:        "oracle/one-hangs",
		Claim:       "One oracle that never answers costs its own slot and its own timeout, not the " + count(s.AtMost-1) + " others.",
		Protections: []string{"oracle.call-timeout", "oracle.isolate-errors"},
		Compressed:  s.compressed("call timeout", contract.CallTimeout, call),
		Timeline:    t,
		Load:        []load.Stream{s.impacts("impact", about, 20, t, s.whole(about, fails{asked[2]: {contract.TimedOut}}))},
		Faults:      []harness.Fault{adapter.Misbehave("hang", s.Here, "hang headers key="+asked[2])},
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because(count(s.AtMost-1) + " good answers beside the one that is missing").Guarding("oracle.isolate-errors"),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(2 * call)).Because("the call's own timeout ends the wait, long before the request's deadline").Guarding("oracle.call-timeout"),
			verdict.Metric("impact.latency.max").In(result.Inject).AtLeast(verdict.Duration(call)).Because("it was waited for").OrNotExercised(),
			verdict.Metric(s.here("in_flight")).In(result.Heal).FallsTo(verdict.Count(int64(s.AtMost)), time.Second),
		},
	})
}

// dripping answers keep a connection busy for ever, byte by byte.
func dripping(p profile.Profile, s *service) harness.Scenario {
	t := soonWell(p.Disturbed())
	about := s.project(s.AtMost, s.Here)
	asked := s.named(about, 3)
	call, _ := s.patient(300*time.Millisecond, 3*time.Second)
	s.give(contract.BreakerFailures, "0")
	return s.in(harness.Scenario{
		Name:        "oracle/dripping",
		Claim:       "An answer that comes byte by byte, or stops half-way, is given up at the call's timeout: it bounds the whole call.",
		Protections: []string{"oracle.call-timeout"},
		Compressed:  s.compressed("call timeout", contract.CallTimeout, call),
		Timeline:    t,
		Load:        []load.Stream{s.impacts("impact", about, 20, t, s.whole(about, each(asked[:3], contract.TimedOut)))},
		Faults: []harness.Fault{
			adapter.Misbehave("drip", s.Here, "drip bytes=1 gap=50ms key="+asked[0]),
			adapter.Misbehave("stall", s.Here, "hang body key="+asked[1]),
			adapter.Misbehave("narrow", s.Here, "bandwidth 50 key="+asked[2]),
		},
		Checks: []verdict.Check{
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(2 * call)).Because("a timeout between two bytes would never come").Guarding("oracle.call-timeout"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
		},
	})
}
