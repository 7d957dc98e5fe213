package view

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// conflicted has a primary check that is not the worst, two that failed, and a
// reason by the rule of an older version, which took the first of them.
func conflicted() result.Scenario {
	check := func(metric string, v result.Verdict, value float64) result.Check {
		return result.Check{Metric: metric, Op: "<=", Threshold: 1, Unit: result.UnitCount, Value: &value, Samples: 1, Verdict: v, Reason: metric + " was it"}
	}
	primary := check("c", result.Pass, 0.5)
	primary.Primary = true
	return result.Scenario{Name: "search/x", Verdict: result.Fail, Reason: "a was it",
		Checks: []result.Check{check("a", result.Fail, 2), check("b", result.Fail, 3), primary}}
}

func TestOnePlaceNamesTheDecisiveCheck(t *testing.T) {
	s := conflicted()
	v := Of(&result.Run{ID: "1", Complete: true, Verdict: result.Fail, Reason: "search/x: a was it", Scenarios: []result.Scenario{s}})
	require.Equal(t, "b", verdict.Decisive(s.Checks, s.Evidence).Metric)
	require.Equal(t, "search/x: b was it", v.Sentence, "of the run")
	require.Equal(t, "b was it", v.Scenarios[0].Reason, "of the scenario")
	require.Equal(t, "b", v.Rows[0].Check, "in the table of all")
	require.Equal(t, "and 1\u00a0more check fail", v.Rows[0].More)
	var marked []string
	for _, c := range append(v.Scenarios[0].Checks, v.Scenarios[0].Evidence...) {
		if c.Decisive {
			marked = append(marked, c.Name)
		}
	}
	require.Equal(t, []string{"b"}, marked, "among its checks")
}

func TestEvidenceThatBrokeIsDecisive(t *testing.T) {
	s := conflicted()
	for i := range s.Checks {
		s.Checks[i].Verdict = result.Inconclusive
	}
	s.Verdict, s.Reason = result.Inconclusive, ""
	s.Evidence = []result.Check{{Name: "generator on time", Metric: "search.send_lag.p99", Op: "<=", Verdict: result.Inconclusive, Reason: "it was late"}}
	v := Of(&result.Run{Complete: true, Verdict: result.Inconclusive, Scenarios: []result.Scenario{s}})
	require.Equal(t, "search/x: it was late", v.Sentence)
	require.Equal(t, "search.send_lag.p99", v.Rows[0].Check)
	require.True(t, v.Scenarios[0].Evidence[0].Decisive)
}

func TestAScenarioThatWasNotCarriedOut(t *testing.T) {
	of := func(s result.Scenario) (Row, Scenario) {
		v := Of(&result.Run{Complete: true, Scenarios: []result.Scenario{s}})
		return v.Rows[0], v.Scenarios[0]
	}
	row, s := of(result.Scenario{Name: "a", Verdict: result.Inconclusive, Error: "no disk"})
	require.Equal(t, []any{"", "could not be carried out: no disk", true}, []any{row.Check, row.Reason, s.NotCarriedOut})
	failed := conflicted()
	failed.Error = "it did not stop"
	row, s = of(failed)
	require.Equal(t, []any{"b", "b was it", false}, []any{row.Check, s.Reason, s.NotCarriedOut}, "a failure is proven, whatever came after")
	_, s = of(result.Scenario{Name: "a"})
	require.Equal(t, unjudged, s.Reason)
}
