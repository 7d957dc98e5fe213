package reevaluate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// What a proof missed and what a gain did not hold count, whatever limits the
// scenarios are held against later.
func TestDetectionsAndGainsCount(t *testing.T) {
	missed := oldRun()
	missed.Verdict, missed.Reason = result.Fail, "without search.sql-limit: nothing noticed"
	missed.Detections = []result.Detection{
		{Expected: "search/x", Outcome: result.OutcomeIntact, Verdict: result.Pass},
		{Without: "search.sql-limit", Expected: "search/x", Outcome: result.OutcomeMissed, Verdict: result.Fail, Reason: "nothing noticed"},
	}
	gained := oldRun()
	gained.Verdict = result.Fail
	gained.Gains = []result.Gain{{Name: "search: memory", Verdict: result.Fail, Reason: "−5 % measured, −90 % promised"}}
	for says, run := range map[string]*result.Run{"without search.sql-limit: nothing noticed": missed, "search: memory: −5 % measured, −90 % promised": gained} {
		// the scenarios themselves pass
		run.Scenarios[0].Checks = run.Scenarios[0].Checks[:4]
		again, err := apply(t, run, `limits: [{metric: search.latency.p99, limit: 900ms}]`)
		require.NoError(t, err)
		require.Equal(t, result.Pass, again.Scenarios[0].Verdict)
		require.Equal(t, result.Fail, again.Verdict)
		require.Equal(t, says, again.Reason)
	}
}

// A limit that was missed on a full machine proves nothing of whatever is timed,
// and not of what is measured in milliseconds alone.
func TestAFullMachineProvesNothingOfARateEither(t *testing.T) {
	run := oldRun()
	run.Scenarios[0].Series = append(run.Scenarios[0].Series,
		result.Series{Name: "machine.cpu", Unit: result.UnitRatio, T: []float64{1, 2}, V: []float64{0.97, 0.97}})
	again, err := apply(t, run, `limits: [{metric: search.ok_ratio, limit: 99%}]`)
	require.NoError(t, err)
	require.Equal(t, result.Inconclusive, again.Scenarios[0].Checks[2].Verdict)
}
