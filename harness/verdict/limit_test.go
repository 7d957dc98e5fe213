package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func ptr[T any](v T) *T { return &v }

func TestALimitIsWrittenInOneWay(t *testing.T) {
	for _, row := range []struct {
		limit, name string
		check       result.Check
	}{
		{"≤\u00a0500\u00a0ms", "search.latency.p99 in inject ≤\u00a0500\u00a0ms", result.Check{Metric: "search.latency.p99", Phase: result.Inject, Op: "<=", Threshold: 500, Unit: result.UnitMS}},
		{"≥\u00a099\u00a0%", "search.ok_ratio ≥\u00a099\u00a0%", result.Check{Metric: "search.ok_ratio", Op: ">=", Threshold: 0.99, Unit: result.UnitRatio}},
		{"=\u00a00", "task.lost =\u00a00", result.Check{Metric: "task.lost", Op: "==", Unit: result.UnitCount}},
		{"<\u00a0100\u00a0MB", "target.rss.max <\u00a0100\u00a0MB", result.Check{Metric: "target.rss.max", Op: "<", Threshold: 1e8, Unit: result.UnitBytes}},
		{">\u00a03/s", "a.rate.max >\u00a03/s", result.Check{Metric: "a.rate.max", Op: ">", Threshold: 3, Unit: result.UnitPerS}},
		{"10 to 20", "a between 10 and 20", result.Check{Metric: "a", Op: "between", Threshold: 10, Upper: ptr(20.0), Unit: result.UnitCount}},
		{"from 10", "a from 10", result.Check{Metric: "a", Op: "between", Threshold: 10, Unit: result.UnitCount}},
		{"falls to 0 within 2\u00a0s", "a in heal falls to 0 within 2\u00a0s", result.Check{Metric: "a", Phase: result.Heal, Op: "falls_to", Level: ptr(0.0), LevelUnit: result.UnitCount, Threshold: 2, Unit: result.UnitSeconds}},
		{"within 2\u00a0s", "a in heal falls to 0 within 2\u00a0s", result.Check{Metric: "a", Phase: result.Heal, Op: "falls_to", Level: ptr(0.0), LevelUnit: result.UnitCount, Threshold: 2, Unit: result.UnitSeconds, Value: ptr(1.5)}},
		{"within 2\u00a0s", "a within 2\u00a0s", result.Check{Metric: "a", Op: "falls_to", Threshold: 2, Unit: result.UnitSeconds}},
		{"~=\u00a01", "by name ~=\u00a01", result.Check{Name: "by name", Op: "~=", Threshold: 1, Unit: result.UnitCount}},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.limit, verdict.LimitText(row.check))
			require.Equal(t, row.name, verdict.Name(row.check))
		})
	}
}

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
			got, ok := verdict.LimitUsed(c.check)
			require.Equal(t, c.ok, ok)
			require.InDelta(t, c.want, got, 1e-9)
		})
	}
}
