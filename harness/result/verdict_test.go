package result_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

func TestWorst(t *testing.T) {
	for _, c := range []struct {
		name string
		of   []result.Verdict
		want result.Verdict
	}{
		{"nothing shows nothing", nil, result.NotExercised},
		{"passes alone pass", []result.Verdict{result.Pass, result.Pass}, result.Pass},
		{"a proven failure dominates", []result.Verdict{result.Pass, result.Inconclusive, result.Fail, result.NotExercised}, result.Fail},
		{"an invalid experiment before one that did not happen", []result.Verdict{result.NotExercised, result.Inconclusive}, result.Inconclusive},
		{"what did not happen before a pass", []result.Verdict{result.Pass, result.NotExercised}, result.NotExercised},
		{"no verdict yet is no success", []result.Verdict{result.Pass, ""}, result.Inconclusive},
		{"an unknown word is no success", []result.Verdict{"great"}, result.Inconclusive},
		{"an unknown word does not hide a failure", []result.Verdict{"great", result.Fail, "PASS"}, result.Fail},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, result.Worst(c.of...)) })
	}
}

func TestOnlyPassesPass(t *testing.T) {
	words := rapid.SampledFrom(append(result.Verdicts(), "", "great", "PASS"))
	rapid.Check(t, func(rt *rapid.T) {
		list := rapid.SliceOfN(words, 1, 6).Draw(rt, "verdicts")
		worst := result.Worst(list...)
		require.True(rt, worst.Valid())
		onlyPass := !slices.ContainsFunc(list, func(v result.Verdict) bool { return v != result.Pass })
		require.Equal(rt, onlyPass, worst == result.Pass)
		for _, v := range list {
			require.False(rt, v.Worse(worst), "%q is worse than the worst, %q", v, worst)
		}
		shuffled := rapid.Permutation(list).Draw(rt, "shuffled")
		require.Equal(rt, worst, result.Worst(shuffled...), "the order does not matter")
		cut := rapid.IntRange(1, len(list)).Draw(rt, "cut")
		require.Equal(rt, worst, result.Worst(append(list[cut:], result.Worst(list[:cut]...))...), "neither does the grouping")
	})
}

func TestVerdictsAreListedWorstFirst(t *testing.T) {
	list := result.Verdicts()
	require.Len(t, list, 4)
	for i := 1; i < len(list); i++ {
		require.True(t, list[i-1].Worse(list[i]))
		require.False(t, list[i].Worse(list[i-1]))
	}
}

func TestVerdictsAsPeopleSeeThem(t *testing.T) {
	for v, want := range map[result.Verdict]string{
		result.Pass: "✓ PASS", result.Fail: "✕ FAIL", result.Inconclusive: "? INCONCLUSIVE", result.NotExercised: "– NOT EXERCISED", "": "? NO VERDICT",
	} {
		require.Equal(t, want, v.Mark()+" "+v.Label())
	}
}

func TestAFileWithAnUnknownVerdictIsRefused(t *testing.T) {
	var v result.Verdict
	require.NoError(t, json.Unmarshal([]byte(`"not-exercised"`), &v))
	require.Equal(t, result.NotExercised, v)
	require.NoError(t, json.Unmarshal([]byte(`""`), &v))
	require.ErrorContains(t, json.Unmarshal([]byte(`"passed"`), &v), `verdict "passed"`)
	require.Error(t, json.Unmarshal([]byte(`true`), &v))
}
