package compare

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// byProcedure are the rows that Benjamini and Hochberg's procedure takes for
// discoveries at a rate: with the p-values in order, all up to the last one that
// is at most k/m of the rate.
func byProcedure(p []float64, rate float64) int {
	sorted := slices.Sorted(slices.Values(p))
	for k := len(sorted); k > 0; k-- {
		if sorted[k-1] <= rate*float64(k)/float64(len(sorted)) {
			return k
		}
	}
	return 0
}

func TestTheCorrectionIsThatOfTheProcedure(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(1e-6, 1), 1, 30).Draw(rt, "p")
		rows := make([]Row, len(p)+1) // one that was not tested, and does not count
		for i := range p {
			rows[i].P = &p[i]
		}
		correct(rows)
		require.Nil(rt, rows[len(p)].Q)
		rate := rapid.Float64Range(0.001, 0.999).Draw(rt, "rate")
		found := 0
		for i := range p {
			q := *rows[i].Q
			require.True(rt, q >= p[i]-1e-12 && q <= 1, "%v of %v", q, p[i])
			if math.Abs(q-rate) < 1e-9 {
				return // at the edge rounding decides
			}
			if q < rate {
				found++
			}
		}
		require.Equal(rt, byProcedure(p, rate), found)
	})
}

// The smallest p is that of samples that do not overlap: 2 of all ways to part
// the runs. needMore says so without trying.
func TestWhenMoreRunsAreNeeded(t *testing.T) {
	for a := 2; a <= 6; a++ {
		for b := 2; b <= 6; b++ {
			var low, high []float64
			for i := range a {
				low = append(low, float64(i))
			}
			for i := range b {
				high = append(high, float64(100+i))
			}
			p := mannWhitney(low, high)
			for _, alpha := range []float64{0.01, 0.05, 0.2} {
				require.Equal(t, p >= alpha, needMore(a, b, alpha), "%d against %d at %v: p is %v", a, b, alpha, p)
			}
		}
	}
}

func TestTheEffectIsTheSameFromEitherSide(t *testing.T) {
	values := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) float64 { return float64(rapid.IntRange(0, 9).Draw(rt, "v")) }), 1, 8)
	rapid.Check(t, func(rt *rapid.T) {
		a, b := values.Draw(rt, "a"), values.Draw(rt, "b")
		require.InDelta(rt, 1, superiority(a, b)+superiority(b, a), 1e-12)
		require.InDelta(rt, 0.5, superiority(a, a), 1e-12, "nothing differs from itself")
		above := slices.Clone(a)
		for i := range above {
			above[i] += 10
		}
		require.EqualValues(rt, 1, superiority(a, above))
	})
}
