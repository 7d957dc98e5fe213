package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/history"
)

// What broke and what was mended take turns, whatever was not judged between them,
// and the files' order on the disk says nothing.
func TestBreakingAndMendingTakeTurns(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		verdicts := rapid.SliceOfN(rapid.SampledFrom(append(result.Verdicts(), "")), 1, 12).Draw(rt, "verdicts")
		var files []history.File
		for day, v := range verdicts {
			files = append(files, file(day, check("a", v)))
		}
		h := history.Of(files)
		require.Equal(rt, h, history.Of(rapid.Permutation(files).Draw(rt, "on the disk")))

		holds := result.Verdict("") // the last word that was one
		for i, r := range h.Runs {
			broke, mended := len(r.Broke) == 1, len(r.Mended) == 1
			require.Equal(rt, holds == result.Pass && verdicts[i] == result.Fail, broke, "run %d of %v", i, verdicts)
			require.Equal(rt, holds == result.Fail && verdicts[i] == result.Pass, mended, "run %d of %v", i, verdicts)
			require.Equal(rt, []bool{broke, mended}, []bool{h.Trends[0].Points[i].Broke, h.Trends[0].Points[i].Mended})
			if verdicts[i] == result.Pass || verdicts[i] == result.Fail {
				holds = verdicts[i]
			}
		}
	})
}

// However the checks came out: each is one trend with a point a run, and what fails
// now stands before all that does not.
func TestWhatFailsNowComesFirst(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		names := []string{"a", "b", "c", "d"}
		runs := rapid.IntRange(1, 5).Draw(rt, "runs")
		var files []history.File
		for day := range runs {
			var checks []result.Check
			for _, name := range names {
				checks = append(checks, check(name, rapid.SampledFrom(result.Verdicts()).Draw(rt, name)))
			}
			files = append(files, file(day, checks...))
		}
		trends := history.Of(files).Trends
		require.Len(rt, trends, len(names))
		calm := false
		for _, tr := range trends {
			require.Len(rt, tr.Points, runs)
			fails := tr.Last().Verdict == result.Fail
			require.False(rt, fails && calm, "%s fails now, and stands below one that does not", tr.Check)
			calm = calm || !fails
		}
	})
}
