package harness_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func TestAGainIsMeasuredOnBothSides(t *testing.T) {
	t.Parallel()
	s := guarding("good")
	s.Checks = append(s.Checks, verdict.Metric("web.failed").Equals(verdict.Count(0)))
	run, err := harness.Gains(t.Context(), config(t), []harness.Promise{
		{Name: "kindness", Claimed: "−100 %", Scenario: s, Before: []harness.Protection{kindness}, Metric: "web.failed", Gain: 1, MemoryLimit: 1 << 30},
		{Name: "decoration", Claimed: "−50 %", Scenario: s, Before: []harness.Protection{decoration}, Metric: "web.failed", Gain: 0.5},
	}, []harness.Growth{{
		Names: []string{"failures"}, X: "nothing", Before: []harness.Protection{kindness}, Metrics: []string{"web.failed"},
		Sizes: []harness.Size{{X: 1, Scenario: s}, {X: 2, Scenario: s, AfterOnly: true}},
	}}, 2)
	require.NoError(t, err)
	require.Len(t, run.Gains, 2)
	require.Equal(t, result.Pass, run.Gains[0].Verdict, run.Gains[0].Reason)
	require.Len(t, run.Gains[0].BeforeAll, 2)
	require.EqualValues(t, 50, *run.Gains[0].Before)
	require.EqualValues(t, 0, *run.Gains[0].After)
	require.Len(t, run.Gains[0].Memory, 2, "memory had a limit, and is kept once a side")
	for i, side := range []string{result.SideBefore, result.SideAfter} {
		course := run.Gains[0].Memory[i]
		require.Equal(t, side, course.Side)
		require.NotEmpty(t, course.Memory.V)
		require.EqualValues(t, 1<<30, *course.Memory.Limit)
		require.Len(t, course.Ends, 1)
	}
	require.Empty(t, run.Gains[1].Memory)
	require.Equal(t, result.NotExercised, run.Gains[1].Verdict, "there was nothing to gain")
	require.Equal(t, result.NotExercised, run.Verdict)
	points := run.Curves[0].Points
	require.Len(t, points, 2)
	require.EqualValues(t, 50, *points[0].Before)
	require.Nil(t, points[1].Before)
	require.EqualValues(t, 0, *points[1].After)
}
