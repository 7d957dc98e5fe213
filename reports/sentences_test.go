package reports_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports"
)

// A scenario that was tried twice, or sent more slowly than planned, says so in
// every report; one that was not says nothing of it.
func TestTriesAndPaceAreInEveryReport(t *testing.T) {
	run := &result.Run{ID: "1", Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{{
		Name: "a/b", Verdict: result.Pass, Checks: []result.Check{{Name: "c", Metric: "c", Verdict: result.Pass, Reason: "fine"}},
	}}}
	told := func() map[string]string {
		all := map[string]string{}
		var b strings.Builder
		require.NoError(t, reports.HTML(&b, run))
		all["html"] = b.String()
		b.Reset()
		require.NoError(t, reports.Markdown(&b, run))
		all["markdown"] = b.String()
		b.Reset()
		require.NoError(t, reports.JUnit(&b, run))
		all["junit"] = b.String()
		return all
	}
	for kind, text := range told() {
		require.NotContains(t, text, "2nd try", kind)
		require.NotContains(t, text, "instead of 620/s", kind)
	}
	run.Scenarios[0].Tries = []result.Try{{Verdict: result.Inconclusive, Reason: "the harness stood still"}}
	run.Scenarios[0].Pace = &result.Pace{Factor: 0.5, FromPerS: 620, ToPerS: 310, Because: "a small machine"}
	for kind, text := range told() {
		require.Contains(t, text, "2nd try; the first was inconclusive: the harness stood still", kind)
		require.Contains(t, text, "310/s instead of 620/s", kind)
	}
	require.Equal(t, "2nd try; the first was inconclusive: the harness stood still", reports.Tried(run.Scenarios[0].Tries))
	require.Empty(t, reports.Advice(run))
}
