package compare_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/compare"
)

func ptr[T any](v T) *T { return &v }

// runs makes a run for each value of one check, with limit and sign.
func runs(op string, limit float64, values ...float64) []*result.Run {
	var all []*result.Run
	for i, v := range values {
		c := result.Check{Metric: "search.latency.p99", Op: op, Threshold: limit, Unit: result.UnitMS, Value: ptr(v), Samples: 100, Verdict: result.Pass}
		if op == "<=" && v > limit || op == ">=" && v < limit || op == "==" && v != limit {
			c.Verdict = result.Fail
		}
		all = append(all, runOf(i, c))
	}
	return all
}

func runOf(i int, checks ...result.Check) *result.Run {
	s := result.Scenario{Name: "search/x", Checks: checks}
	for _, c := range checks {
		s.Verdict = result.Worst(s.Verdict, c.Verdict)
	}
	return &result.Run{ID: string(rune('a' + i)), Started: time.Unix(int64(i), 0), Complete: true, Scenarios: []result.Scenario{s}}
}

func TestDifferences(t *testing.T) {
	calm := []float64{100, 101, 102, 103, 104, 105}
	slow := []float64{150, 151, 152, 153, 154, 155}
	rules := compare.Rules{Alpha: 0.05, Least: 0.05}
	for _, row := range []struct {
		name     string
		old, new []*result.Run
		want     compare.Difference
		says     string
	}{
		{"slower in every run", runs("<=", 500, calm...), runs("<=", 500, slow...), compare.Worse, ""},
		{"faster in every run", runs("<=", 500, slow...), runs("<=", 500, calm...), compare.Better, ""},
		{"more, where more is better", runs(">=", 1, calm...), runs(">=", 1, slow...), compare.Better, ""},
		{"less, where more is better", runs(">=", 1, slow...), runs(">=", 1, calm...), compare.Worse, ""},
		{"the same runs", runs("<=", 500, calm...), runs("<=", 500, calm...), compare.NoEvidence, "inside the noise"},
		{"the same in every run", runs("==", 1, 1, 1, 1), runs("==", 1, 1, 1, 1), compare.NoEvidence, "the same in every run"},
		{"real but too small to count", runs("<=", 500, 100.1, 100.2, 100.3, 100.4, 100.5), runs("<=", 500, 101.1, 101.2, 101.3, 101.4, 101.5), compare.NoEvidence, "smaller than counts"},
		{"too few runs to tell", runs("<=", 500, 100, 101, 102), runs("<=", 500, 150, 151, 152), compare.NoEvidence, "too few runs: 3 against 3"},
		{"one run against many", runs("<=", 500, 100), runs("<=", 500, slow...), compare.NoEvidence, "at least two runs on each side"},
		{"one run a side, other values", runs("<=", 500, 100), runs("<=", 500, 499), compare.NoEvidence, "one run a side"},
		{"one run a side, another verdict", runs("<=", 500, 100), runs("<=", 500, 501), compare.Worse, "failed in 0 of 1 runs before, 1 of 1 after"},
		{"the other way round", runs("<=", 500, 501), runs("<=", 500, 100), compare.Better, "failed in 1 of 1"},
		{"fails in some runs only", runs("<=", 104, calm...), runs("<=", 103, 100, 101, 102, 103, 104, 103), compare.NoEvidence, "failed in 1 of 6"},
		{"mostly failing now", runs("==", 0, 0, 0, 0, 0, 0, 0), runs("==", 0, 0, 1, 1, 1, 1, 1), compare.Worse, "failed in 0 of 6 runs before, 5 of 6 after"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := compare.Runs(row.old, row.new, rules)
			require.NoError(t, err)
			require.Len(t, c.Rows, 1)
			require.Equal(t, row.want, c.Rows[0].Difference, c.Rows[0].Reason)
			require.Equal(t, row.want, c.Difference)
			require.Contains(t, c.Rows[0].Reason, row.says)
		})
	}
}

func TestWhatWasNotJudgedIsNoSuccess(t *testing.T) {
	rules := compare.Rules{Alpha: compare.DefaultAlpha}
	held := result.Check{Metric: "m", Op: "<=", Threshold: 9, Value: ptr(1.0), Verdict: result.Pass}
	lost := result.Check{Metric: "m", Op: "<=", Threshold: 9, Verdict: result.NotExercised}
	invalid := result.Check{Metric: "m", Op: "<=", Threshold: 9, Value: ptr(20.0), Verdict: result.Inconclusive}
	for name, after := range map[string]*result.Run{
		"not exercised": runOf(1, lost), "inconclusive": runOf(1, invalid), "no such check": runOf(1), "no scenario": {ID: "b", Complete: true},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := compare.Runs([]*result.Run{runOf(0, held)}, []*result.Run{after}, rules)
			require.NoError(t, err)
			require.Equal(t, compare.Unclear, c.Difference)
			require.Zero(t, c.Rows[0].New.N, "what an invalid experiment measured is not compared")
		})
	}
	c, err := compare.Runs([]*result.Run{{ID: "a"}}, []*result.Run{{ID: "b"}}, rules)
	require.NoError(t, err)
	require.Equal(t, compare.Unclear, c.Difference, "nothing at all is nothing to be glad of")
	require.Contains(t, c.Notes, "run b, after, is partial: it did not reach its end")
}

// What never fell has no value, and still has a verdict.
func TestNever(t *testing.T) {
	fell := result.Check{Metric: "m", Phase: "heal", Op: "falls_to", Threshold: 2, Value: ptr(0.5), Unit: result.UnitSeconds, Verdict: result.Pass}
	never := result.Check{Metric: "m", Phase: "heal", Op: "falls_to", Threshold: 2, Level: ptr(0.0), LevelUnit: result.UnitCount, Unit: result.UnitSeconds, Verdict: result.Fail}
	c, err := compare.Runs([]*result.Run{runOf(0, fell)}, []*result.Run{runOf(1, never)}, compare.Rules{Alpha: 0.05})
	require.NoError(t, err)
	require.Len(t, c.Rows, 1)
	require.Equal(t, compare.Worse, c.Difference)
	require.Nil(t, c.Rows[0].New.Center)
	require.Equal(t, result.UnitSeconds, c.Rows[0].Unit)
}

// Many rows of nothing but noise: the chance that any counts as changed must
// stay near the level that was asked for, or the gate would cry wolf.
func TestNoiseOpensNoGate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	side := func(n int) []*result.Run {
		var all []*result.Run
		for i := range n {
			var checks []result.Check
			for k := range 60 {
				v := 100 * math.Exp(0.3*r.NormFloat64())
				checks = append(checks, result.Check{Metric: "m" + string(rune('A'+k)), Op: "<=", Threshold: 1e9, Unit: result.UnitMS, Value: &v, Verdict: result.Pass})
			}
			all = append(all, runOf(i, checks...))
		}
		return all
	}
	alarms := 0
	const tries = 60
	for range tries {
		c, err := compare.Runs(side(7), side(7), compare.Rules{Alpha: 0.05})
		require.NoError(t, err)
		if c.Difference != compare.NoEvidence {
			alarms++
		}
	}
	require.LessOrEqual(t, alarms, tries*15/100)
}

func TestLatencyIsComparedByItsHistograms(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	side := func(n int, median float64) []*result.Run {
		var all []*result.Run
		for i := range n {
			h := hdr.New(1, 60_000_000, 3)
			for range 2000 {
				require.NoError(t, h.RecordValue(int64(1000*median*math.Exp(0.4*r.NormFloat64()))))
			}
			text, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
			require.NoError(t, err)
			run := runOf(i)
			run.Scenarios[0].Verdict = result.Pass
			run.Scenarios[0].Streams = []result.Stream{{Name: "search", Shape: "200/s for 10s", Histograms: result.Histograms{Histogram: string(text)}}}
			all = append(all, run)
		}
		return all
	}
	rules := compare.Rules{Alpha: 0.05, Least: 0.05}
	c, err := compare.Runs(side(6, 10), side(6, 14), rules)
	require.NoError(t, err)
	require.Equal(t, compare.Worse, c.Difference)
	require.Len(t, c.Rows, 2)
	require.InDelta(t, 0.4, *c.Rows[0].Delta, 0.1)
	require.InDelta(t, 1, *c.Rows[0].Larger, 1e-9)
	require.NotNil(t, c.Rows[0].Old.Lo, "six runs have an interval")
	require.Equal(t, int64(12_000), c.Distributions[0].NNew)
	require.InDelta(t, 14, c.Distributions[0].New[0].MS, 0.5, "the curve begins at the median")

	one, err := compare.Runs(side(1, 10), side(1, 14), rules)
	require.NoError(t, err)
	require.Equal(t, compare.NoEvidence, one.Difference)
	require.Contains(t, one.Rows[0].Reason, "beyond the sampling error of one run")
	same, err := compare.Runs(side(1, 10), side(1, 10), rules)
	require.NoError(t, err)
	require.Contains(t, same.Rows[0].Reason, "within the sampling error")

	other := side(6, 14)
	for _, run := range other {
		run.Scenarios[0].Streams[0].Shape = "400/s for 10s"
	}
	unlike, err := compare.Runs(side(6, 10), other, rules)
	require.NoError(t, err)
	require.Equal(t, compare.NoEvidence, unlike.Difference)
	require.Contains(t, unlike.Rows[0].Reason, "the load was not the same")

	for _, run := range other {
		run.Scenarios[0].Evidence = []result.Check{{Metric: "load.delivered", Verdict: result.Fail}}
	}
	invalid, err := compare.Runs(side(6, 10), other, rules)
	require.NoError(t, err)
	require.Empty(t, invalid.Distributions, "an experiment that was not valid is not compared")
}

func TestTheRulesAreChecked(t *testing.T) {
	some := runs("<=", 1, 1)
	for _, rules := range []compare.Rules{{}, {Alpha: 1}, {Alpha: math.NaN()}, {Alpha: 0.05, Least: -1}} {
		_, err := compare.Runs(some, some, rules)
		require.Error(t, err)
	}
	_, err := compare.Runs(some, nil, compare.Rules{Alpha: 0.05})
	require.ErrorContains(t, err, "1 runs with 0")
}
