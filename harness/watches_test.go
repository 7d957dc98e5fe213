package harness_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
)

func TestAStandingCheckThatIsSwitchedOffSaysWhy(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.StandingOff = map[string]string{"answers": "its contract is not written yet"}
	s := scenario("good")
	s.StandingOff = map[string]string{"fresh": "nothing is written here"}
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
	require.NoError(t, err)
	got := run.Scenarios[0]
	named := func(checks []result.Check, name string) int {
		return slices.IndexFunc(checks, func(c result.Check) bool { return c.Name == name })
	}
	for name, why := range map[string]string{"answers": "its contract is not written yet", "fresh": "nothing is written here"} {
		require.Negative(t, named(got.Checks, "standing: "+name), name)
		i := named(got.Evidence, "standing check off: "+name)
		require.GreaterOrEqual(t, i, 0, name)
		require.Equal(t, "switched off: "+why, got.Evidence[i].Reason)
	}
	require.GreaterOrEqual(t, named(got.Checks, "standing: nothing-told"), 0, "the others go on")
}

func TestAStandingCheckIsNotSwitchedOffInSilence(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{"answers": "without a reason", "answer": "did you mean answers?"} {
		cfg := config(t)
		cfg.StandingOff = map[string]string{name: ""}
		_, err := harness.Run(t.Context(), cfg, []harness.Scenario{scenario("good")})
		require.ErrorContains(t, err, says)
		require.ErrorAs(t, err, new(*harness.InvalidError))
	}
}
