package nearest

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// byDefinition is the distance of Levenshtein as it is defined: the fewest letters
// put in, left out or changed.
func byDefinition(a, b string) int {
	switch {
	case a == "":
		return len(b)
	case b == "":
		return len(a)
	case a[0] == b[0]:
		return byDefinition(a[1:], b[1:])
	}
	return 1 + min(byDefinition(a[1:], b), byDefinition(a, b[1:]), byDefinition(a[1:], b[1:]))
}

func TestTheDistanceIsThatOfItsDefinition(t *testing.T) {
	word := rapid.StringMatching(`[ab.]{0,6}`)
	rapid.Check(t, func(rt *rapid.T) {
		a, b := word.Draw(rt, "a"), word.Draw(rt, "b")
		require.Equal(rt, byDefinition(a, b), distance(a, b), "%q to %q", a, b)
		require.Equal(rt, distance(a, b), distance(b, a), "there and back")
	})
}

// Whoever mistypes one letter of a name is told the name.
func TestOneSlipIsFound(t *testing.T) {
	names := []string{"search.sql-limit", "search.query-length", "oracle.cap", "oracle.breaker", "task.idempotency"}
	rapid.Check(t, func(rt *rapid.T) {
		meant := rapid.SampledFrom(names).Draw(rt, "meant")
		at := rapid.IntRange(0, len(meant)-1).Draw(rt, "at")
		letter := rapid.StringMatching(`[a-z]`).Draw(rt, "letter")
		slip := rapid.SampledFrom([]string{
			meant[:at] + meant[at+1:], meant[:at] + letter + meant[at:], meant[:at] + letter + meant[at+1:], strings.ToUpper(meant),
		}).Draw(rt, "slip")
		shuffled := rapid.Permutation(names).Draw(rt, "names")
		require.Equal(rt, meant, Name(slip, shuffled), slip)
		require.Equal(rt, ", did you mean "+meant+"?", Hint(slip, shuffled))
	})
}

// What is named is one of the names, and never one that is as far as another word.
func TestOnlyANameIsNamed(t *testing.T) {
	names := []string{"search", "oracle", "task"}
	rapid.Check(t, func(rt *rapid.T) {
		given := rapid.String().Draw(rt, "given")
		if got := Name(given, names); got != "" {
			require.True(rt, slices.Contains(names, got))
			require.LessOrEqual(rt, distance(strings.ToLower(given), got), max(len(given)/3, 2))
		}
		require.Empty(rt, Name(given, nil))
		require.Empty(rt, Hint(given, nil))
	})
}
