package harness_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// A scenario of a minute ends once a check of it is lost, and says so: for whichever
// check where the run asks for it, and for the one that asks for it itself. One that does
// not, and one of a target without a protection, goes to its end.
func TestAScenarioEndsOnALostCheck(t *testing.T) {
	t.Parallel()
	errors := verdict.Metric("web.status.500").Equals(verdict.Count(0))
	for _, row := range []struct {
		name     string
		failFast bool
		check    verdict.Check
		without  []harness.Protection
		early    bool
	}{
		{"the run asks", true, errors, nil, true},
		{"the check asks", false, errors.Aborting(), nil, true},
		{"nobody asks", false, errors, nil, false},
		{"a protection is taken away", false, errors.Aborting(), []harness.Protection{{Name: "test.any", Off: map[string]string{"ANY": "off"}}}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := scenario("broken")
			s.World = harness.World{}
			lasts, enough := time.Minute, int64(2400)
			if !row.early {
				lasts, enough = 5*time.Second, 50 // two looks at whether a check is lost; few of 250, for a busy machine leaves some out
			}
			s.Timeline = harness.Timeline{Baseline: lasts}
			s.Load[0].Profile = load.Constant(50, lasts)
			s.Checks = []verdict.Check{row.check, verdict.Metric("web.sent").AtLeast(verdict.Count(enough))}
			cfg := config(t)
			cfg.Retries = patience
			cfg.FailFast, cfg.Without = row.failFast, row.without
			run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
			require.NoError(t, err)
			got := run.Scenarios[0]
			undisturbed(t, got)
			require.Equal(t, result.Fail, got.Verdict, failing(got))
			require.Zero(t, got.Streams[0].Errors[load.ClassCanceled], "what was under way was waited for")
			if !row.early {
				require.Equal(t, lasts, got.Phases[0].To)
				require.Equal(t, result.Pass, got.Checks[1].Verdict, got.Checks[1].Reason)
				return
			}
			require.Equal(t, result.NotExercised, got.Checks[1].Verdict)
			require.Less(t, got.Phases[0].To, 40*time.Second)
			require.Contains(t, got.Events[0].What, "ended early: ")
		})
	}
}
