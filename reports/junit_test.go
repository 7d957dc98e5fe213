package reports

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/visible"
)

func readJUnit(t *testing.T, run *result.Run) xmlSuites {
	t.Helper()
	var suites xmlSuites
	d := xml.NewDecoder(strings.NewReader(draw(t, JUnit, run)))
	d.Strict = true
	require.NoError(t, d.Decode(&suites))
	return suites
}

func kindOf(c xmlCase) string {
	switch {
	case c.Failure != nil:
		return "failure"
	case c.Error != nil:
		return "error"
	case c.Skipped != nil:
		return "skipped"
	default:
		return "success"
	}
}

func TestJUnitSaysTheVerdictInItsOwnWords(t *testing.T) {
	for _, c := range []struct {
		verdict         result.Verdict
		check, scenario string
	}{
		{result.Pass, "success", "success"},
		{result.Fail, "failure", "failure"},
		{result.Inconclusive, "error", "error"},
		{result.NotExercised, "skipped", "error"},
		{"", "error", "error"},
	} {
		t.Run("verdict "+string(c.verdict), func(t *testing.T) {
			run := baseRun()
			run.Verdict = c.verdict
			run.Scenarios = []result.Scenario{{Name: "search/x", Verdict: c.verdict, Reason: "because", Checks: []result.Check{{Metric: "m", Op: "<=", Threshold: 1, Verdict: c.verdict, Reason: "so it was"}}}}
			suite := readJUnit(t, run).Suites[1]
			require.Equal(t, "search/x", suite.Name)
			require.Equal(t, c.scenario, kindOf(suite.Cases[0]))
			require.Equal(t, c.check, kindOf(suite.Cases[1]))
			if c.verdict == result.Fail {
				require.Equal(t, "so it was", suite.Cases[1].Failure.Message)
				require.Equal(t, "measured not measured, limit ≤\u00a01, 0 samples", suite.Cases[1].Failure.Text)
			}
		})
	}
}

func TestNoSuiteIsASilentSuccessUnlessItPassed(t *testing.T) {
	for name, run := range sampleRuns(t) {
		suites, bad := readJUnit(t, run), 0
		for _, suite := range suites.Suites {
			bad += suite.Failures + suite.Errors
		}
		proof := min(len(run.Detections), 1) // a suite of its own
		require.Len(t, suites.Suites, 1+len(run.Scenarios)+proof)
		for i, s := range run.Scenarios {
			suite := suites.Suites[i+1]
			passed := suite.Failures+suite.Errors == 0
			of, _ := verdict.ShownScenario(s)
			require.Equal(t, of == result.Pass, passed, "%s: %s", name, suite.Name)
			require.Len(t, suite.Cases, 1+len(s.Checks)+len(s.Evidence))
		}
		whole, _ := verdict.ShownRun(run)
		require.Equal(t, whole == result.Pass, bad == 0, name)
	}
}

func TestJUnitCountsAddUp(t *testing.T) {
	suites := readJUnit(t, mixedRun(t))
	failures, errs, skipped := 0, 0, 0
	for _, s := range suites.Suites {
		require.Equal(t, len(s.Cases), s.Tests)
		failures, errs, skipped = failures+s.Failures, errs+s.Errors, skipped+s.Skipped
	}
	require.Equal(t, []int{8, 6, 1}, []int{failures, errs, skipped})
}

func TestAPartialRunIsAnErrorInJUnit(t *testing.T) {
	suites := readJUnit(t, partialRun(t))
	require.Equal(t, "error", kindOf(suites.Suites[0].Cases[0]))
	require.Contains(t, suites.Suites[0].Cases[0].Error.Message, "This result is partial")
	empty := readJUnit(t, &result.Run{Complete: true})
	require.Equal(t, "error", kindOf(empty.Suites[0].Cases[0]))
}

func TestJUnitOfHostileTextIsWellFormed(t *testing.T) {
	text := draw(t, JUnit, hostileRun(t, hostile))
	require.NotContains(t, text, "\x00")
	require.NotContains(t, text, "\x1b")
	require.NotContains(t, text, "\ufffd", "nothing was lost")
	suites := readJUnit(t, hostileRun(t, hostile))
	require.Equal(t, visible.Text(hostile), suites.Suites[1].Name)
}
