package oracle

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// AsMappedName is what the scenario of [AsMapped] is called.
const AsMappedName = "oracle/contract"

// AsMapped asks a service about each of its projects that a scenario asks about, calmly,
// so that what was told wrongly of it is found by this scenario and by no other.
func AsMapped(_ profile.Profile, one contract.Impact) harness.Scenario {
	s := over(one)
	t := harness.Timeline{Baseline: 2 * time.Second}
	var streams []load.Stream
	var checks []verdict.Check
	for _, about := range s.everyone() {
		name := fmt.Sprintf("of-%d-%s", about.Active, about.At)
		streams = append(streams, s.impacts(name, about, 2, t, s.whole(about, nil)))
		checks = append(checks, verdict.Metric(name+".failed").Equals(verdict.Count(0)).Because("the file tells how many outside APIs it has, and all of them are well"))
	}
	return s.in(harness.Scenario{
		Name: AsMappedName, Claim: "Whoever asks about a project is told of as many outside APIs as the file says, each of which is well.",
		Timeline: t, Load: streams, Checks: checks,
	})
}
