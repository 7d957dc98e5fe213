package nearest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/nearest"
)

func TestNearest(t *testing.T) {
	names := []string{"search.sql-limit", "search.query-length", "oracle.cap"}
	for given, want := range map[string]string{
		"search.sqllimit": "search.sql-limit",
		"sql-limit":       "search.sql-limit",
		"oracle.cpa":      "oracle.cap",
		"zebra":           "",
	} {
		require.Equal(t, want, nearest.Name(given, names), given)
	}
}
