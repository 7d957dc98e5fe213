package view

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestTriesAreTold(t *testing.T) {
	first := result.Try{Verdict: result.Inconclusive, Reason: "the harness stood still"}
	second := result.Try{Verdict: result.Inconclusive, Reason: "late"}
	require.Empty(t, Tried(nil))
	require.Equal(t, "2nd try; the first was inconclusive: the harness stood still", Tried([]result.Try{first}))
	require.Equal(t, "3rd try; the first was inconclusive: the harness stood still; 2nd try: late", Tried([]result.Try{first, second}))
	require.Equal(t, "12th try", ordinal(12))
	require.Equal(t, "Sent at 310/s instead of 620/s, for as much longer: a small machine.", slower(&result.Pace{Factor: 0.5, FromPerS: 620, ToPerS: 310, Because: "a small machine"}))
}

// Who reads the first line knows what to do; what failed, and what passed, needs
// no advice about the machine.
func TestWhatToDoIsInTheFirstLine(t *testing.T) {
	of := func(verdicts ...result.Verdict) *result.Run {
		run := &result.Run{Complete: true, Command: "holdfast run --headline", Verdict: result.Worst(verdicts...)}
		for i, v := range verdicts {
			name := string(rune('a' + i))
			run.Scenarios = append(run.Scenarios, result.Scenario{
				Name: name, Verdict: v, Repeat: "holdfast run " + name, Checks: []result.Check{{Name: "c", Verdict: v, Reason: "r"}},
			})
		}
		return run
	}
	broken := of(result.Inconclusive)
	broken.Scenarios[0].Error = "no port"
	disturbed := of(result.Pass, result.Inconclusive)
	disturbed.Scenarios[1].Validity = &result.Validity{Disturbances: []result.Disturbance{{ToS: 1, Cause: "the clock"}, {FromS: 1, ToS: 3, Cause: "other processes"}}}
	nowhere := of(result.Inconclusive, result.Inconclusive)
	nowhere.Command = ""
	for _, row := range []struct {
		name string
		run  *result.Run
		want string
	}{
		{"all passed", of(result.Pass, result.Pass), ""},
		{"one failed", of(result.Inconclusive, result.Fail), ""},
		{"one showed nothing", of(result.Pass, result.Inconclusive), "Nothing failed, and 1 of 2 scenarios showed nothing: end what else runs on this machine, or take one with more processors, then: holdfast run b"},
		{"and why is known", disturbed, "Nothing failed, and 1 of 2 scenarios showed nothing (other processes): end what else runs on this machine, or take one with more processors, then: holdfast run b"},
		{"two did", of(result.Inconclusive, result.Inconclusive, result.Pass), "Nothing failed, and 2 of 3 scenarios showed nothing: end what else runs on this machine, or take one with more processors, then: holdfast run --headline"},
		{"it could not be carried out", broken, "Nothing failed, and 1 of 1 scenario showed nothing: mend what kept a from being carried out, then: holdfast run a"},
		{"nobody knows how to repeat it", nowhere, "Nothing failed, and 2 of 2 scenarios showed nothing: end what else runs on this machine, or take one with more processors, and run it again."},
	} {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, Advice(row.run)) })
	}
}
