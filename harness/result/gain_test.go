package result_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestAPromiseHoldsWhenEvenTheSmallestGainIsAsLarge(t *testing.T) {
	for _, row := range []struct {
		name          string
		before, after []float64
		promised      float64
		want          result.Verdict
		gain          float64
	}{
		{"it holds", []float64{100, 110, 90}, []float64{5, 6, 7}, 0.9, result.Pass, 0.94},
		{"it does not", []float64{100, 110, 90}, []float64{50, 60, 55}, 0.9, result.Fail, 0.45},
		{"it may or may not", []float64{100, 200, 90}, []float64{9, 10, 10}, 0.9, result.Inconclusive, 0.9},
		{"nothing is left", []float64{1, 1}, []float64{0, 0}, 1, result.Pass, 1},
		{"there was nothing to gain", []float64{0, 1}, []float64{0, 0}, 1, result.NotExercised, 0},
		{"one side is missing", nil, []float64{0}, 1, result.Inconclusive, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := result.Gain{BeforeAll: row.before, AfterAll: row.after, Promised: row.promised, Unit: result.UnitCount}
			c.Conclude()
			require.Equal(t, row.want, c.Verdict, c.Reason)
			if c.Share != nil {
				require.InDelta(t, row.gain, *c.Share, 1e-9)
			}
		})
	}
}

func TestAProblemKeepsAGainFromHolding(t *testing.T) {
	g := result.Gain{BeforeAll: []float64{100}, AfterAll: []float64{1}, Promised: 0.5, Problem: "one run did not measure it", Unit: result.UnitCount}
	g.Conclude()
	require.Equal(t, result.Inconclusive, g.Verdict)
	require.Contains(t, g.Reason, "; one run did not measure it")
	missing := result.Gain{BeforeAll: []float64{100}, Problem: "it died"}
	missing.Conclude()
	require.Equal(t, []any{result.Inconclusive, "it died"}, []any{missing.Verdict, missing.Reason})
	require.Empty(t, missing.GainText())
	require.Empty(t, missing.IntervalText())
}

func TestAGainIsWrittenAsAChange(t *testing.T) {
	require.Equal(t, "−97 %", result.Gain{Share: ptr(0.97)}.GainText())
	require.Equal(t, "+20 %", result.Gain{Share: ptr(-0.2)}.GainText(), "it got worse")
	require.Equal(t, "−90 %", result.Gain{Promised: 0.9}.PromisedText())
	require.Equal(t, "−50 % to −90 % in 2 runs a side", result.Gain{GainLeast: ptr(0.5), GainMost: ptr(0.9), AfterAll: []float64{1, 2}}.IntervalText())
}

func TestFactsAreSorted(t *testing.T) {
	require.Equal(t, "oracles 100, projects 10000", result.Words(map[string]string{"projects": "10000", "oracles": "100"}))
	require.Empty(t, result.Words(nil))
}

func TestEveryOutcomeIsListed(t *testing.T) {
	all := result.Outcomes()
	require.Len(t, all, 8)
	for i, o := range all {
		require.NotEmpty(t, o)
		require.NotContains(t, all[i+1:], o)
	}
}
