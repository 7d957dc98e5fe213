package search

import (
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/profile"
)

// stopped asks the target to end while searches wait at a table that is locked for
// less than their time, so that some are under way whatever the machine.
func stopped(p profile.Profile, s *service) harness.Scenario {
	t := p.Disturbed()
	t.Heal = 2 * (p.Phase + s.Starts)
	s.give(contract.StatementTimeout, "5s")
	s.give(contract.AcquireTimeout, "5s")
	s.give(contract.Queued, "1000")
	const locked, asked = 900 * time.Millisecond, 600 * time.Millisecond
	return s.in(harness.Scenario{
		Name:     "search/stopped-under-load",
		Claim:    "A target that is asked to stop answers every search that it has taken on before it goes; its successor serves the rest.",
		Timeline: t,
		Load:     []load.Stream{s.Stream("search", load.Throughout(20).Over(t.Phases()), s.many(contract.Some))},
		Faults: []harness.Fault{
			{ID: "locked-table", On: harness.OnPostgres, Kind: lockOf(s.reads()[0]), For: locked},
			{ID: "stop", On: s.Program, Kind: fault.Terminate{}, After: asked},
		},
		Checks: []verdict.Check{
			verdict.Metric("search.cut").Equals(verdict.Count(0)).Because("who is asked to stop ends what is under way"),
			verdict.Metric("search.wrong").Equals(verdict.Count(0)),
			verdict.Metric("search.errors.timeout").Equals(verdict.Count(0)).Because("nobody is left hanging"),
			verdict.Metric("search.ok_ratio").In(result.Baseline).Equals(verdict.Percent(100)),
			verdict.Metric("search.ok_ratio").In(result.Heal).AtLeast(verdict.Percent(50)).Because("it is started again, as a service manager would, and serves"),
		},
	})
}
