package reference

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Worlds of one size share a seeded template; those of another do not.
func TestAWorldIsKnownByItsSize(t *testing.T) {
	small, same, large := World(100), World(100), World(101)
	require.Equal(t, "100 projects", small.Data.Name)
	require.Equal(t, map[string]string{"projects": "100"}, small.Facts)
	require.NotEmpty(t, small.Data.Key)
	require.Equal(t, small.Data.Key, same.Data.Key)
	require.NotEqual(t, small.Data.Key, large.Data.Key)
	small.Facts["active oracles"] = "7"
	require.NotContains(t, same.Facts, "active oracles", "a scenario's facts are its own")
}
