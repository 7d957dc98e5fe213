package providers

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database"
)

func TestAllWaysAreTriedInTheDocumentedOrder(t *testing.T) {
	require.Equal(t, []string{"auto", "dsn", "container", "local", "embedded"}, Names())
}

// Runs that were killed are swept by whatever later run, however that gets its
// own database.
func TestWhatAnyWayLeavesBehindCanBeUndone(t *testing.T) {
	o := FromEnvironment(func(string) string { return "" })
	require.ElementsMatch(t, []string{"postgres", "postgres-container"}, slices.Collect(maps.Keys(o.Undoers())))
}

func TestEveryWaySaysWhatToType(t *testing.T) {
	hints := map[string]string{}
	for _, p := range FromEnvironment(func(string) string { return "" }).Providers {
		hints[p.Name] = p.Hint
	}
	require.Contains(t, hints["dsn"], "export HOLDFAST_DATABASE_URL=postgres://")
	require.Contains(t, hints["container"], "docker pull postgres:17-alpine")
	require.Contains(t, hints["local"], "apt-get install postgresql")
	require.Contains(t, hints["embedded"], "Maven")
}

func TestTheEnvironmentReachesTheProviders(t *testing.T) {
	asked := map[string]bool{}
	FromEnvironment(func(name string) string { asked[name] = true; return "" })
	for _, name := range []string{database.URLVariable, database.CacheVariable, "HOLDFAST_POSTGRES_IMAGE"} {
		require.True(t, asked[name], name)
	}
}
