package result_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

func concluded(before, after []float64, promised float64) result.Gain {
	g := result.Gain{BeforeAll: slices.Clone(before), AfterAll: slices.Clone(after), Promised: promised, Unit: result.UnitMS}
	g.Conclude()
	return g
}

// What is concluded from measurements depends on neither their order nor their
// unit, and a pair of runs never lies outside of what is told.
func TestWhatIsConcludedOfAGain(t *testing.T) {
	values := rapid.SliceOfN(rapid.Float64Range(0.01, 1e6), 1, 7)
	rapid.Check(t, func(rt *rapid.T) {
		before, after := values.Draw(rt, "before"), values.Draw(rt, "after")
		promised := rapid.Float64Range(0, 1).Draw(rt, "promised")
		g := concluded(before, after, promised)

		for _, b := range before {
			for _, a := range after {
				pair := 1 - a/b
				require.GreaterOrEqual(rt, pair, *g.GainLeast)
				require.LessOrEqual(rt, pair, *g.GainMost)
			}
		}
		require.GreaterOrEqual(rt, *g.Share, *g.GainLeast)
		require.LessOrEqual(rt, *g.Share, *g.GainMost)

		mixed := concluded(rapid.Permutation(before).Draw(rt, "before again"), rapid.Permutation(after).Draw(rt, "after again"), promised)
		require.Equal(rt, []any{g.Verdict, g.Reason}, []any{mixed.Verdict, mixed.Reason})

		power := 1024.0 // exact in floats
		for i := range before {
			before[i] *= power
		}
		for i := range after {
			after[i] *= power
		}
		require.Equal(rt, g.Verdict, concluded(before, after, promised).Verdict, "in another unit")
	})
}

// Who promises less is not judged worse, and one run more can only take a
// conclusion away, never turn it round.
func TestAGainIsNotHeldByAccident(t *testing.T) {
	values := rapid.SliceOfN(rapid.Float64Range(0.01, 1e3), 1, 5)
	rapid.Check(t, func(rt *rapid.T) {
		before, after := values.Draw(rt, "before"), values.Draw(rt, "after")
		promised := rapid.Float64Range(0, 1).Draw(rt, "promised")
		g := concluded(before, after, promised)
		if g.Verdict == result.Pass {
			require.Equal(rt, result.Pass, concluded(before, after, promised*rapid.Float64Range(0, 1).Draw(rt, "share")).Verdict)
		}
		more := concluded(append(before, rapid.Float64Range(0.01, 1e3).Draw(rt, "one more")), after, promised)
		require.Contains(rt, []result.Verdict{g.Verdict, result.Inconclusive}, more.Verdict)
		require.NotEmpty(rt, more.Reason)
	})
}
