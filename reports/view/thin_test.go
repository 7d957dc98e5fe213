package view

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

func TestThinningKeepsPeaksAndGaps(t *testing.T) {
	s := result.Series{Name: "x", Unit: result.UnitMS, Reduced: "max per 1 s"}
	for i := range 3600 {
		if i >= 1200 && i < 1500 || i == 2500 || i == 2501 || i == 2502 { // a long gap, and one within a stretch
			continue
		}
		v := 10.0
		switch i {
		case 777:
			v = 950
		case 3001:
			v = 0.5
		}
		s.T, s.V = append(s.T, float64(i)), append(s.V, v)
	}
	got := thin(s, 200)
	require.LessOrEqual(t, len(got.T), 210)
	require.Equal(t, "least and largest per 36\u00a0s of max per 1 s", got.Reduced)
	high, low, gaps := 0.0, math.Inf(1), 0
	for i, v := range got.V {
		if math.IsNaN(v) {
			gaps++
			continue
		}
		high, low = max(high, v), min(low, v)
		require.False(t, got.T[i] > 1220 && got.T[i] < 1480, "nothing is drawn in a gap")
		if v == 950 {
			require.InDelta(t, 777, got.T[i], 36, "a peak stays where it was")
		}
	}
	require.Equal(t, []float64{950, 0.5}, []float64{high, low})
	require.Equal(t, 2, gaps)
	require.Len(t, s.T, 3297, "the source stays as it is")
	require.Equal(t, s, thin(s, 4000), "what is short enough is as it was")
}

func TestThinningOfAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64(), 0, 300).Draw(rt, "values")
		times := rapid.SliceOfN(rapid.Float64(), len(values), len(values)+2).Draw(rt, "times")
		s := result.Series{T: times, V: values}
		got := thin(s, rapid.IntRange(0, 100).Draw(rt, "points"))
		require.Equal(rt, len(got.T) > 0, len(s.T) > 0)
		for _, v := range got.V { // only what was measured is drawn
			require.True(rt, math.IsNaN(v) || slices.Contains(values, v))
		}
	})
}
