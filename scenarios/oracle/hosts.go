package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// bulkheadAsSeen is why a fake may see half as many calls again as are made at once.
const bulkheadAsSeen = "the bulkhead, as the fake counted it: it learns of a call that was given up a moment after another took its place"

func asSeen(most int64) int64 { return most * 3 / 2 }

// sickHost has two hosts, of which one hangs, and projects on both.
func sickHost(p profile.Profile, s *service) harness.Scenario {
	const most = 20
	t := soonWell(p.Disturbed())
	about := s.project(s.AtMost+1, s.Here)
	other := s.project(activeOracles, s.There)
	s.patient(2*time.Second, 2*time.Second)
	s.give(contract.BreakerFailures, "0")
	s.number(contract.HostCalls, most)
	return s.in(harness.Scenario{
		Name:        "oracle/sick-host",
		Claim:       "While one host hangs, no more than 20 calls are spent on it at once, and projects on another host are as quick as ever.",
		Protections: []string{"oracle.bulkhead"},
		Timeline:    t,
		Load: []load.Stream{
			s.impacts("impact", about, 10, t, s.whole(about, nil)),
			s.impacts("sick", other, 20, t, s.whole(other, s.all(other, contract.TimedOut, contract.Connection))),
		},
		Faults: []harness.Fault{adapter.Misbehave("hang", s.There, "hang headers")},
		Checks: []verdict.Check{
			verdict.Metric(s.there("most_in_flight")).AtMost(verdict.Count(asSeen(most))).Because(bulkheadAsSeen).Guarding("oracle.bulkhead"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the other host's projects lose nothing"),
			verdict.Metric("impact.latency.p90").In(result.Inject).AtMost(verdict.Duration(300 * time.Millisecond)),
			verdict.Metric("sick.failed").Equals(verdict.Count(0)),
			verdict.Metric(s.there("in_flight")).In(result.Heal).FallsTo(verdict.Count(int64(s.AtMost)), time.Second),
		},
	})
}

// busyHost has a host of which each oracle is slow and well, and which is asked for more than
// it may be at once.
func busyHost(p profile.Profile, s *service) harness.Scenario {
	const most, rate = 20, 20
	const slow, calm, patience = 250 * time.Millisecond, 300 * time.Millisecond, 40 * time.Millisecond
	t := p.Disturbed()
	other := s.project(s.AtMost, s.There)
	s.patient(2*time.Second, 4*time.Second)
	s.number(contract.HostCalls, most)
	s.give(contract.HostWait, (2 * patience).String())
	s.number(contract.BreakerFailures, 2)
	s.give(contract.BreakerCooldown, "1m")
	leaving := s.impacts("leaving", other, rate/2, t, s.whole(other, nil))
	leaving.Timeout = patience
	after := s.impacts("after", other, rate, t, s.whole(other, nil))
	after.Profile, after.StartAt = load.Constant(rate, t.Heal-calm), t.Start(result.Heal)+calm
	return s.in(harness.Scenario{
		Name:        "oracle/busy-host",
		Claim:       "Who finds no place at a host that is slow and well is told so, and who leaves the line takes none; no oracle is taken for sick for that: all are asked again as soon as there is room.",
		Protections: []string{"oracle.bulkhead"},
		Timeline:    t,
		Load: []load.Stream{
			s.impacts("busy", other, rate, t, s.whole(other, s.all(other, contract.Connection))),
			leaving, after,
		},
		Faults: []harness.Fault{adapter.Misbehave("slow", s.There, "delay "+slow.String())},
		Checks: []verdict.Check{
			verdict.Metric("leaving.errors.timeout").In(result.Inject).AtLeast(verdict.Count(3)).Because("so many must have left the line").OrNotExercised(),
			verdict.Metric(s.there("most_in_flight")).AtMost(verdict.Count(asSeen(most))).Because(bulkheadAsSeen).Guarding("oracle.bulkhead"),
			verdict.Metric(s.there("most_in_flight")).AtLeast(verdict.Count(most * 3 / 4)).Because("it must have been all but full: the last places are for who has none").OrNotExercised(),
			verdict.Metric("busy.failed").Equals(verdict.Count(0)).Because("what is missing is told, as what it is"),
			verdict.Metric("after.failed").Equals(verdict.Count(0)).AsPrimary().Because("nothing has failed, and there is room for all"),
		},
	})
}

// sharedHost has a host of which one oracle hangs, and is asked for more than the host may be
// at once, while the others are so quick that what it leaves is enough for them, and so
// many at a time that some have to wait for a place.
func sharedHost(p profile.Profile, s *service) harness.Scenario {
	const most, rate, quick = 20, 10, 40 * time.Millisecond
	t := p.Disturbed()
	t.Inject = max(t.Inject, 1500*time.Millisecond)
	about := s.project(s.AtMost, s.Here)
	hangs := s.named(about, 1)[0]
	s.patient(2*time.Second, 4*time.Second)
	s.number(contract.HostCalls, most)
	s.give(contract.HostWait, "300ms")
	s.give(contract.BreakerFailures, "0")
	may := each([]string{hangs}, contract.TimedOut, contract.Connection)
	return s.in(harness.Scenario{
		Name:        "oracle/shared-host",
		Claim:       "An oracle that hangs does not take all the calls that its host may have, and who waits for another of that host is not held up by who waits for it.",
		Protections: []string{"oracle.bulkhead"},
		Timeline:    t,
		Load:        []load.Stream{s.impacts("one", about, rate, t, s.whole(about, may)), s.impacts("two", about, rate, t, s.whole(about, may))},
		Faults: []harness.Fault{
			adapter.Misbehave("hang", s.Here, "hang headers key="+hangs),
			adapter.Always("quick", s.Here, "delay "+quick.String()),
		},
		Checks: []verdict.Check{
			verdict.Metric(s.here("most_in_flight")).AtMost(verdict.Count(asSeen(most))).Because(bulkheadAsSeen).Guarding("oracle.bulkhead"),
			verdict.Metric("one.failed").Equals(verdict.Count(0)).AsPrimary().Because("nothing but what hangs is missing"),
			verdict.Metric("two.failed").Equals(verdict.Count(0)),
		},
	})
}

// trialFindsNoPlace has an oracle that has failed, and whose host is full when it would be
// tried again.
func trialFindsNoPlace(p profile.Profile, s *service) harness.Scenario {
	const most, rate, failures = 2, 20, 2
	const slow, wait = 250 * time.Millisecond, 200 * time.Millisecond
	const calm = slow + wait + 100*time.Millisecond // until nobody is at the host or in line for it
	t := p.Disturbed()
	t.Inject = max(t.Inject, 1500*time.Millisecond) // it is tried some times
	other := s.project(s.AtMost, s.There)
	failing := s.named(other, 4)[3]
	s.patient(2*time.Second, 4*time.Second)
	s.number(contract.HostCalls, most)
	if s.bound(contract.HostWait, wait) < wait { // too short for ten calls in two places
		s.needs("settings."+string(contract.HostWait), `{ NAME: "{value}" }`)
	}
	s.number(contract.BreakerFailures, failures)
	s.bound(contract.BreakerCooldown, 100*time.Millisecond)
	may := s.all(other, contract.Connection)
	may[failing] = append(may[failing], contract.BadStatus)
	after := s.impacts("after", other, rate, t, s.whole(other, nil))
	after.Profile, after.StartAt = load.Constant(rate, t.Heal-calm), t.Start(result.Heal)+calm
	full := adapter.Misbehave("slow", s.There, "delay "+slow.String())
	full.After = t.Inject / 5 // by then it is taken for sick
	return s.in(harness.Scenario{
		Name:     "oracle/trial-finds-no-place",
		Claim:    "An oracle that has failed and whose host is full when it would be tried again is tried once there is room, and taken back.",
		Timeline: t,
		Load:     []load.Stream{s.impacts("busy", other, rate, t, s.whole(other, may)), after},
		Faults:   []harness.Fault{adapter.Misbehave("down", s.There, "status 503 key="+failing), full},
		Checks: []verdict.Check{
			verdict.Metric(s.there("most_in_flight")).AtMost(verdict.Count(asSeen(most))).Because(bulkheadAsSeen),
			verdict.Metric(s.there("most_in_flight")).AtLeast(verdict.Count(most)).Because("it must have been full").OrNotExercised(),
			verdict.Metric("busy.failed").Equals(verdict.Count(0)).Because("what is missing is told, as what it is"),
			verdict.Metric("after.failed").Equals(verdict.Count(0)).AsPrimary().Because("a trial for which there was no place is none"),
		},
	})
}

// trialsCutShort has an oracle that hangs, and most who ask for it hang up before its
// timeout would say so: they are no sign that it is well, nor that it is sick.
func trialsCutShort(p profile.Profile, s *service) harness.Scenario {
	const rate, hasty, patience, failures = 15, 60, 50 * time.Millisecond, 3
	t := p.Disturbed()
	t.Inject = max(t.Inject, 2*time.Second)
	about := s.project(s.AtMost, s.Here)
	hangs := s.named(about, 4)[3]
	call, _ := s.patient(3*patience, 2*time.Second)
	s.number(contract.BreakerFailures, failures)
	cooldown := s.bound(contract.BreakerCooldown, 250*time.Millisecond)
	may := fails{hangs: {contract.TimedOut, contract.Connection}}
	impatient := s.impacts("impatient", about, hasty, t, s.whole(about, may))
	impatient.Profile, impatient.StartAt, impatient.Timeout = load.Constant(hasty, t.Inject), t.Start(result.Inject), patience
	return s.in(harness.Scenario{
		Name:       "oracle/trials-cut-short",
		Claim:      "An oracle that hangs is left alone though most callers hang up on it first, and is taken back when it is well, whoever hung up on a trial.",
		Compressed: s.compressed("call timeout", contract.CallTimeout, call),
		Timeline:   t,
		Load:       []load.Stream{s.impacts("impact", about, rate, t, s.whole(about, may)), impatient},
		Faults:     []harness.Fault{adapter.Misbehave("hang", s.Here, "hang headers key="+hangs)},
		Measures:   []harness.Measure{s.askedOf(about, hangs, "impact", "impatient")},
		Checks: []verdict.Check{
			verdict.Metric(hangs + ".asked").In(result.Inject).AtMost(verdict.Percent(60)).AsPrimary().
				Because("a quarter is usual: those who wait open the breaker, whoever hangs up between them"),
			verdict.Metric("impatient.errors.timeout").AtLeast(verdict.Count(failures)).Because("so many must have hung up").OrNotExercised(),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the others are delivered meanwhile"),
			verdict.Metric(hangs + ".asked").In(result.Heal).AtLeast(takenBack(cooldown, t)).Because("it is taken back within two cooldowns of its healing"),
		},
	})
}

// takenBack is how many of the requests while all is well must ask an oracle that was left
// alone: it is missing for two cooldowns, and a tenth is for what is under way at the edges.
func takenBack(cooldown time.Duration, t harness.Timeline) verdict.Quantity {
	return verdict.Percent(90 - 100*2*cooldown.Seconds()/t.Heal.Seconds())
}

// leftAlone has one oracle that fails for a while.
func leftAlone(p profile.Profile, s *service) harness.Scenario {
	t := p.Disturbed()
	about := s.project(s.AtMost, s.Here)
	other := s.project(s.AtMost, s.There)
	asked := s.named(about, 4)
	const rate, failures = 40, 5
	alsoRate := 0.0 // of another project, whose oracles are the same
	also, shared := s.another(s.AtMost, s.Here)
	if shared = shared && slices.Contains(also.Asked, asked[3]); shared {
		alsoRate = 10
	}
	s.number(contract.BreakerFailures, failures)
	cooldown := s.bound(contract.BreakerCooldown, 250*time.Millisecond)
	// All of the oracles but one, and what is tried of it anew.
	tried := int64(failures*2) + 2*int64(t.Inject/cooldown)
	healthy := int64((rate + alsoRate) * t.Inject.Seconds() * float64(s.AtMost-1))
	down := fails{asked[3]: {contract.BadStatus, contract.Connection}}
	sc := harness.Scenario{
		Name:        "oracle/left-alone",
		Claim:       "An oracle that keeps failing is left alone but for a try now and then, and is taken back when it is well.",
		Protections: []string{"oracle.breaker"},
		Compressed:  s.compressed("breaker's cooldown", contract.BreakerCooldown, cooldown),
		Timeline:    t,
		Load: []load.Stream{
			s.impacts("impact", about, rate, t, s.whole(about, down)),
			// An oracle of the same name at another host is well.
			s.impacts("namesakes", other, 10, t, s.whole(other, nil)),
		},
		Faults:   []harness.Fault{adapter.Misbehave("down", s.Here, "status 503 key="+asked[3])},
		Measures: []harness.Measure{s.askedOf(about, asked[3], "impact"), s.triedTooSoon(s.Here, failures, cooldown, 0)},
		Checks: []verdict.Check{
			verdict.Metric(s.here("calls")).In(result.Inject).AtMost(verdict.Count(healthy + tried + 2*int64(s.AtMost))).
				Because("five failures open the breaker, then one try per cooldown").Guarding("oracle.breaker"),
			verdict.Metric(s.here("tried_too_soon")).Equals(verdict.Count(0)).Because("one call tries it, once the cooldown is over"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the others are delivered meanwhile"),
			verdict.Metric("namesakes.failed").Equals(verdict.Count(0)).Because("what failed is one oracle at its address, not a name"),
			verdict.Metric(asked[3] + ".asked").In(result.Heal).AtLeast(takenBack(cooldown, t)).
				Because("it is taken back within two cooldowns of its healing"),
		},
	}
	if shared {
		sc.Load = append(sc.Load, s.impacts("sharers", also, alsoRate, t, s.whole(also, down)))
		sc.Checks = append(sc.Checks, verdict.Metric("sharers.failed").Equals(verdict.Count(0)).Because("an oracle that is sick for one project is for all that ask it"))
	}
	return s.in(sc)
}

// spared has hosts of which one hangs and one refuses connections, with bulkhead and
// breaker both at work.
func spared(p profile.Profile, s *service) harness.Scenario {
	t := soonWell(p.Disturbed())
	about := s.project(s.AtMost, s.Here)
	other := s.project(activeOracles, s.There)
	const most, failures = 20, 2
	call, _ := s.patient(150*time.Millisecond, 2*time.Second)
	s.number(contract.HostCalls, most)
	const turn = 50 * time.Millisecond
	s.give(contract.HostWait, turn.String())
	s.number(contract.BreakerFailures, failures)
	cooldown := s.bound(contract.BreakerCooldown, 200*time.Millisecond)
	return s.in(harness.Scenario{
		Name:        "oracle/spared",
		Claim:       "A host that hangs, and then refuses connections, gets no more than 20 calls at once and soon one a cooldown for each oracle; another host notices nothing.",
		Protections: []string{"oracle.bulkhead", "oracle.breaker"},
		Compressed:  s.compressed("call timeout", contract.CallTimeout, call),
		Timeline:    t,
		Load: []load.Stream{
			s.impacts("impact", about, 10, t, s.whole(about, nil)),
			s.impacts("sick", other, 60, t, s.whole(other, s.all(other, contract.TimedOut, contract.Connection))),
		},
		Faults: []harness.Fault{
			{ID: "hang", On: s.There, Kind: fault.Hang{At: "headers"}, For: t.Inject * 3 / 4},
			{ID: "refuse", On: s.There, Kind: fault.Refuse{Cut: true}, After: t.Inject * 3 / 4},
		},
		Measures: []harness.Measure{s.triedTooSoon(s.There, failures, cooldown, turn)},
		Checks: []verdict.Check{
			verdict.Metric(s.there("most_in_flight")).AtMost(verdict.Count(asSeen(most))).Because(bulkheadAsSeen).Guarding("oracle.bulkhead"),
			verdict.Metric(s.there("tried_too_soon")).Equals(verdict.Count(0)).Because("one call tries an oracle, once the cooldown is over").Guarding("oracle.breaker"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("the other host's projects lose nothing"),
			verdict.Metric("sick.failed").Equals(verdict.Count(0)).Because("what is missing is told, as what it is"),
			verdict.Metric("sick.latency.max").AtMost(verdict.Duration(1500 * time.Millisecond)).Because("a call's timeout and a moment in the queue, not the request's deadline"),
			verdict.Metric(s.there("in_flight")).In(result.Heal).FallsTo(verdict.Count(int64(s.AtMost)), time.Second),
		},
	})
}

// unstable oracles flap, brown out, fail together and are overrun by our own calls.
func unstable(p profile.Profile, s *service) harness.Scenario {
	t := soonWell(p.Disturbed())
	about := s.project(s.AtMost, s.Here)
	asked := s.named(about, 10)
	s.patient(500*time.Millisecond, time.Second)
	s.give(contract.BreakerCooldown, "200ms")
	may := each(asked, contract.BadStatus, contract.Connection, contract.TimedOut)
	return s.in(harness.Scenario{
		Name:     "oracle/unstable",
		Claim:    "Oracles that flap, that brown out, that fail five at once or buckle under load cost what they fail to say, and nothing when they are well again.",
		Timeline: t,
		Load:     []load.Stream{s.impacts("impact", about, 20, t, s.whole(about, may))},
		Faults: []harness.Fault{
			adapter.Misbehave("flapping", s.Here, "status 503 flap=100ms/200ms key="+asked[0]),
			adapter.Misbehave("brown-out", s.Here, fmt.Sprintf("status 500 p=0.8 from=0s to=%s ramp=%s key=%s", t.Inject, t.Inject/3, asked[1])),
			adapter.Misbehave("together", s.Here, "close pick=5 key="+strings.Join(asked[2:9], ",")),
			adapter.Misbehave("overrun", s.Here, "overload base=5ms slope=40ms shed=2 key="+asked[9]),
		},
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).Because("errors of oracles are parts of a good answer"),
			verdict.Metric("impact.latency.max").AtMost(verdict.Duration(time.Second)),
			verdict.Metric(s.here("in_flight")).In(result.Heal).FallsTo(verdict.Count(int64(s.AtMost)), time.Second).Because("what was overrun recovers once the trigger is gone"),
		},
	})
}

// callersHangUp gives up long before the oracles answer.
func callersHangUp(p profile.Profile, s *service) harness.Scenario {
	t := p.Disturbed()
	about := s.project(activeOracles, s.Here)
	s.patient(5*time.Second, 5*time.Second)
	s.give(contract.BreakerFailures, "0")
	s.give(contract.HostCalls, "0")
	const rate, patience = 10, 150 * time.Millisecond
	stream := s.impacts("impact", about, rate, t, s.whole(about, nil))
	stream.Timeout = patience
	open := int64(3 * rate * patience.Seconds() * float64(s.AtMost))
	return s.in(harness.Scenario{
		Name:        "oracle/callers-hang-up",
		Claim:       "When callers hang up, the calls that were made for them are given up too, at once.",
		Protections: []string{"oracle.cancel-abandoned"},
		Timeline:    t,
		Load:        []load.Stream{stream},
		Faults:      []harness.Fault{adapter.Misbehave("hang", s.Here, "hang headers")},
		Checks: []verdict.Check{
			verdict.Metric(s.here("most_in_flight")).In(result.Inject).AtMost(verdict.Count(open)).
				Because("three times what those who still wait have under way").Guarding("oracle.cancel-abandoned"),
			verdict.Metric("impact.errors.timeout").In(result.Inject).AtLeast(verdict.Count(1)).Because("somebody must have hung up").OrNotExercised(),
			verdict.Metric("impact.ok_ratio").In(result.Heal).AtLeast(verdict.Percent(90)).Because("the service is well again at once"),
			verdict.Metric(s.here("in_flight")).In(result.Heal).FallsTo(verdict.Count(int64(s.AtMost)), time.Second),
		},
	})
}

// impatientCallers are some who give up before slow oracles answer, among others who wait for
// the same ones.
func impatientCallers(p profile.Profile, s *service) harness.Scenario {
	t := p.Disturbed()
	about := s.project(activeOracles, s.Here)
	s.patient(5*time.Second, 5*time.Second)
	// Between two answers that are waited for, more callers hang up than failures open a breaker.
	const failures, waiting, patience = 5, 2, 100 * time.Millisecond
	s.number(contract.BreakerFailures, failures)
	impatient := s.impacts("impatient", about, 1.6*waiting*failures, t, s.whole(about, nil))
	impatient.Timeout = patience
	return s.in(harness.Scenario{
		Name:     "oracle/impatient-callers",
		Claim:    "Who hangs up on oracles that are slow and well costs nobody else anything: none is taken for sick, and no place is lost.",
		Timeline: t,
		Load:     []load.Stream{s.impacts("impact", about, waiting, t, s.whole(about, nil)), impatient},
		Faults:   []harness.Fault{adapter.Misbehave("slow", s.Here, "delay "+(3*patience).String())},
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).AsPrimary().Because("who waits is told everything"),
			verdict.Metric("impatient.errors.timeout").In(result.Inject).AtLeast(verdict.Count(5)).Because("so many must have hung up").OrNotExercised(),
			verdict.Metric("impatient.ok_ratio").In(result.Heal).AtLeast(verdict.Percent(90)).Because("nobody has to hang up any more"),
		},
	})
}

// searchMeanwhile searches while all oracles hang: the source's pool that was
// used up by connections held while calling.
func searchMeanwhile(p profile.Profile, s *service, of *contract.Search) harness.Scenario {
	t := soonWell(p.Disturbed())
	about := s.project(activeOracles, s.Here)
	s.patient(2*time.Second, 2*time.Second)
	s.give(contract.BreakerFailures, "0")
	s.give(contract.HostCalls, "0")
	searches := s.searched(of)
	some, _ := searches.Term(contract.Some)
	claim := "While all oracles hang, no database connection is held by who waits for them, and searches stay as quick as ever."
	if s.InUse.Name == "" {
		claim = "While all oracles hang, searches stay as quick as ever."
	}
	sc := s.in(harness.Scenario{
		Name:        "oracle/search-meanwhile",
		Claim:       claim,
		Protections: []string{"oracle.release-connection"},
		Timeline:    t,
		Load: []load.Stream{
			s.impacts("impact", about, 20, t, s.whole(about, s.all(about, contract.TimedOut))),
			searches.Served("search", load.Throughout(20).Over(t.Phases()), contract.Around(some)),
		},
		Faults: []harness.Fault{adapter.Misbehave("hang", s.Here, "hang headers")},
		Watch:  []probe.Metric{{Series: probe.Series{Name: s.pool(), Unit: result.UnitCount}, Name: s.InUse.Name, Labels: s.InUse.Labels}},
		Checks: []verdict.Check{
			verdict.Metric("search.failed").In(result.Inject).Equals(verdict.Count(0)).Because("nobody else is holding the pool's connections").Guarding("oracle.release-connection"),
			verdict.Metric("search.latency.p90").In(result.Inject).AtMost(verdict.Duration(400 * time.Millisecond)).Guarding("oracle.release-connection"),
			verdict.Metric(s.pool() + ".max").AtMost(verdict.Count(4)).Because("of ten; a search or two, and the readings of who is just coming in"),
			verdict.Metric("impact.failed").Equals(verdict.Count(0)),
		},
	})
	if len(sc.Lacks) > 0 {
		return sc
	}
	return searches.In(sc)
}

// searchesOverrun searches for many times what can be searched, while impacts are asked for
// as ever: the connections of the pool that no search may have are theirs.
func searchesOverrun(p profile.Profile, s *service, of *contract.Search) harness.Scenario {
	const rate, storm, slow = 12, 250, 25 * time.Millisecond // of each word of the database
	t := soonWell(p.Disturbed())
	about := s.project(s.AtMost, s.Here)
	s.patient(2*time.Second, 4*time.Second)
	searches := s.searched(of)
	some, _ := searches.Term(contract.Some)
	sc := s.in(harness.Scenario{
		Name:     "oracle/searches-overrun",
		Claim:    "While searches come many times as fast as they can be served, whoever asks for an impact is answered as ever: searches have no more connections than are theirs.",
		Timeline: t,
		Load: []load.Stream{
			s.impacts("impact", about, rate, t, s.whole(about, nil)),
			searches.Stream("search", load.PerPhase(rate, map[string]float64{result.Inject: storm}).Over(t.Phases()), contract.Around(some)),
		},
		Faults: []harness.Fault{{ID: "slow-database", On: harness.OnDatabase, Kind: fault.After(slow)}},
		Checks: []verdict.Check{
			verdict.Metric("impact.failed").Equals(verdict.Count(0)).AsPrimary().Because("there is a connection for it, however many search"),
			verdict.Metric("impact.latency.p90").In(result.Inject).AtMost(verdict.Duration(20 * slow)).Because("some words of the database, and no wait for a connection"),
			verdict.Metric("search.errors.shed_by_target").In(result.Inject).AtLeast(verdict.Count(storm / 10)).Because("searches must have been too many").OrNotExercised(),
		},
	})
	if len(sc.Lacks) > 0 {
		return sc
	}
	return searches.In(sc)
}
