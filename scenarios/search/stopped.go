package search

import (
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/profile"
)

// stopped asks the target to end while searches wait at a table that is locked for
// less than their time, so that some are under way whatever the machine.
func stopped(p profile.Profile, searches Searches) harness.Scenario {
	t := p.Disturbed()
	t.Heal = 2 * p.Phase
	const locked, asked = 900 * time.Millisecond, 600 * time.Millisecond
	return searches.In(harness.Scenario{
		Name:     "search/stopped-under-load",
		Claim:    "A target that is asked to stop answers every search that it has taken on before it goes; its successor serves the rest.",
		World:    profile.World(p.Projects),
		Settings: map[string]string{"SEARCH_STATEMENT_TIMEOUT": "5s", "SEARCH_ACQUIRE_TIMEOUT": "5s", "SEARCH_MAX_QUEUED": "1000"},
		Timeline: t,
		Load:     []load.Stream{searches.Stream("search", load.Throughout(20).Over(t.Phases()), Around(schema.TermTwoHundred))},
		Faults: []harness.Fault{
			{ID: "locked-table", On: harness.OnPostgres, Kind: fault.LockTable{Table: "search_documents"}, For: locked},
			{ID: "stop", On: harness.OnTarget, Kind: fault.Terminate{}, After: asked},
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
