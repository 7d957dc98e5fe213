package reports

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestLimitUsed(t *testing.T) {
	check := func(op string, limit, value float64) result.Check {
		return result.Check{Op: op, Threshold: limit, Value: &value, Verdict: result.Pass}
	}
	between := check("between", 10, 18)
	between.Upper = ptr(20.0)
	invalid := check("<=", 100, 50)
	invalid.Verdict = result.Inconclusive
	for _, c := range []struct {
		name  string
		check result.Check
		want  float64
		ok    bool
	}{
		{"half of what is allowed", check("<=", 100, 50), 0.5, true},
		{"past a limit above", check("<=", 100, 187), 1.87, true},
		{"past a limit below is past it as well", check(">=", 0.99, 0.495), 2, true},
		{"within a limit below", check(">", 50, 100), 0.5, true},
		{"nothing where nothing is allowed has no ratio", check("<=", 0, 0), 0, false},
		{"something where nothing is allowed is far past", check("<=", 0, 3), 1000, true},
		{"nothing where something is needed is far past", check(">=", 5, 0), 1000, true},
		{"an exact number has no headroom", check("==", 100, 100), 0, false},
		{"between two limits the nearer counts", between, 0.9, true},
		{"a time to come down", check("falls_to", 2, 0.5), 0.25, true},
		{"an invalid experiment has no ratio", invalid, 0, false},
		{"what was not measured has no ratio", result.Check{Op: "<=", Threshold: 1, Verdict: result.Fail}, 0, false},
		{"below zero has no ratio", check("<=", 100, -5), 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := limitUsed(c.check)
			require.Equal(t, c.ok, ok)
			require.InDelta(t, c.want, got, 1e-9)
		})
	}
}

func TestTheDecisiveCheck(t *testing.T) {
	check := func(metric string, v result.Verdict, used float64, primary bool) result.Check {
		return result.Check{Metric: metric, Op: "<=", Threshold: 1, Value: &used, Verdict: v, Primary: primary}
	}
	for _, c := range []struct {
		name             string
		checks, evidence []result.Check
		want             string
	}{
		{"the primary one when all pass", []result.Check{check("a", result.Pass, 0.9, false), check("b", result.Pass, 0.1, true)}, nil, "b"},
		{"the least headroom without a primary one", []result.Check{check("a", result.Pass, 0.2, false), check("b", result.Pass, 0.8, false)}, nil, "b"},
		{"a failure before the primary one", []result.Check{check("a", result.Fail, 1.1, false), check("b", result.Pass, 0.1, true)}, nil, "a"},
		{"the worse of two failures", []result.Check{check("a", result.Fail, 1.1, false), check("b", result.Fail, 3, false)}, nil, "b"},
		{"evidence that broke, before what it made inconclusive", []result.Check{check("a", result.Inconclusive, 1.1, true)},
			[]result.Check{check("load", result.Pass, 1, false), check("lag", result.Inconclusive, 1, false)}, "lag"},
		{"a proven failure before evidence that broke", []result.Check{check("a", result.Fail, 1.1, false)},
			[]result.Check{check("lag", result.Inconclusive, 1, false)}, "a"},
		{"evidence that held is never decisive", []result.Check{check("a", result.Pass, 0.1, false)}, []result.Check{check("load", result.Pass, 0.9, true)}, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := decisive(result.Scenario{Checks: c.checks, Evidence: c.evidence})
			require.True(t, ok)
			require.Equal(t, c.want, got.Metric)
		})
	}
	_, ok := decisive(result.Scenario{})
	require.False(t, ok)
}

func TestAResultIsNeverShownBetterThanItsParts(t *testing.T) {
	scenario := func(v result.Verdict, checks ...result.Verdict) result.Scenario {
		s := result.Scenario{Verdict: v}
		for _, c := range checks {
			s.Checks = append(s.Checks, result.Check{Verdict: c})
		}
		return s
	}
	failed := scenario(result.Pass)
	failed.Error = "could not start"
	for _, c := range []struct {
		name string
		run  result.Run
		want result.Verdict
	}{
		{"a pass of passes", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Pass, result.Pass)}}, result.Pass},
		{"a pass with a failed scenario", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Fail)}}, result.Fail},
		{"a pass with a failed check", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Pass, result.Fail)}}, result.Fail},
		{"a pass with a check that has no verdict", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Pass, "")}}, result.Inconclusive},
		{"a pass of nothing", result.Run{Complete: true, Verdict: result.Pass}, result.NotExercised},
		{"a pass with a scenario that was not carried out", result.Run{Complete: true, Verdict: result.Pass, Scenarios: []result.Scenario{failed}}, result.Inconclusive},
		{"complete but without a verdict", result.Run{Complete: true, Scenarios: []result.Scenario{scenario(result.Pass)}}, result.Inconclusive},
		{"an unknown word", result.Run{Complete: true, Verdict: "great", Scenarios: []result.Scenario{scenario(result.Pass)}}, result.Inconclusive},
		{"partial, all passed until then", result.Run{Verdict: result.Pass, Scenarios: []result.Scenario{scenario(result.Pass)}}, ""},
		{"partial, one failed", result.Run{Scenarios: []result.Scenario{scenario(result.Pass), scenario(result.Fail)}}, result.Fail},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, verdictOf(&c.run)) })
	}
}

func TestNewsIsOnlyWhatTheRowDoesNotSay(t *testing.T) {
	c := latencyCheck("search", 405, 500, result.Pass)
	require.Empty(t, news(c))
	c.Reason += "; but the generator was late"
	require.Equal(t, c.Reason, news(c))
	c.Reason = "anything else"
	require.Equal(t, "anything else", news(c))
}
