package search

import (
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// AsMappedName is what the scenario of [AsMapped] is called.
const AsMappedName = "search/contract"

// AsMapped asks a service for each of its terms, calmly, so that what was told wrongly of
// it is found by this scenario and by no other.
func AsMapped(_ profile.Profile, one contract.Search) harness.Scenario {
	s := &service{Search: one}
	s.term(contract.Everywhere)
	const rate = 10
	t := harness.Timeline{Baseline: max(time.Second, time.Duration(len(s.Terms))*time.Second/rate)}
	var streams []load.Stream
	var checks []verdict.Check
	for i, term := range s.Terms {
		streams = append(streams, s.inTurn(term, i, len(s.Terms), rate, t))
		checks = append(checks, verdict.Metric(term.Name+".wrong").Equals(verdict.Count(0)).Because(s.because("the file tells how many it finds")))
	}
	return s.in(harness.Scenario{
		Name: AsMappedName, Claim: "The search answers as the file maps it: each term finds as many as it is told to.",
		Timeline: t, Load: streams, Checks: checks,
	})
}
