package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

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
		{"the primary one of two failures, whatever the headroom", []result.Check{check("a", result.Fail, 9, false), check("b", result.Fail, 1.1, true)}, nil, "b"},
		{"a target that ended by itself, before what it did not do", []result.Check{check("a", result.Fail, 9, true), check(verdict.UnexpectedEnds, result.Fail, 1, false)}, nil, verdict.UnexpectedEnds},
		{"that it stayed up is nothing to name", []result.Check{check("a", result.Pass, 0.1, true), check(verdict.UnexpectedEnds, result.Pass, 0.9, false)}, nil, "a"},
		{"the first of equals", []result.Check{check("a", result.Fail, 2, false), check("b", result.Fail, 2, false)}, nil, "a"},
		{"no verdict is as bad as none that is valid", []result.Check{check("a", result.NotExercised, 2, true), check("b", "", 2, false)}, nil, "b"},
		{"evidence that held is never decisive", []result.Check{check("a", result.Pass, 0.1, false)}, []result.Check{check("load", result.Pass, 0.9, true)}, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := verdict.Decisive(c.checks, c.evidence)
			require.NotNil(t, got)
			require.Equal(t, c.want, got.Metric)
		})
	}
	require.Nil(t, verdict.Decisive(nil, nil))
	require.Nil(t, verdict.Decisive(nil, []result.Check{check("load", result.Pass, 0.9, true)}), "evidence that held decides nothing")
}
