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
