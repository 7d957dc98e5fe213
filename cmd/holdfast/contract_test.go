package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios/contract"
)

// A scenario that leaves out anything is judged in part, with what it leaves out.
func TestWhatIsLeftOutIsJudgedInPart(t *testing.T) {
	with := func(facts ...string) harness.Scenario {
		w := harness.World{}.With(contract.JudgedBy, "the state of each task")
		for _, name := range facts {
			w = w.With(name, "sender")
		}
		return harness.Scenario{World: w}
	}
	for _, row := range []struct {
		scenario harness.Scenario
		how, why string
	}{
		{with(), "yes", "the state of each task"},
		{with(contract.NotSet), "in part", "the state of each task; left as it is, for nobody told how it is set: sender"},
		{with(contract.NotLookedAt), "in part", "the state of each task; not looked at, for nothing tells of it: sender"},
		{harness.Scenario{Lacks: []string{"not told"}}, "no", "not told"},
	} {
		how, why := howJudged(row.scenario)
		require.Equal(t, row.how, how)
		require.Equal(t, row.why, why)
	}
}
