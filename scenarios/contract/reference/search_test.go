package reference

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/scenarios/contract/reference/model"
)

// Every class is a stream of its own, within what a query may be.
func TestTheClassesOfTerms(t *testing.T) {
	names, queries := map[string]bool{}, map[string]bool{}
	for _, c := range terms() {
		require.False(t, names[c.Name], "two classes are named %s", c.Name)
		require.False(t, queries[c.Query], "two classes ask %q", c.Query)
		names[c.Name], queries[c.Query] = true, true
		require.Empty(t, model.Refused(c.Query), c.Name)
		require.NotContains(t, c.Name, ".", "it begins the names of metrics")
		require.True(t, c.Name != "200-characters" || utf8.RuneCountInString(c.Query) == model.MaxQueryLength)
	}
}
