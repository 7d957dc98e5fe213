package search

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/settings"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestAnEmptyEnvironmentHasEveryProtection(t *testing.T) {
	c, err := FromEnv(environment(nil))
	require.NoError(t, err)
	require.Equal(t, defaultConfig(), c)
	require.NotContains(t, []any{c.MaxResults, c.MaxQueryLength, c.MaxConcurrent, c.MaxQueued}, 0)
}

func TestEachVariableChangesItsOwnSetting(t *testing.T) {
	for _, v := range settings.Search() {
		t.Run(v.Name, func(t *testing.T) {
			c, err := FromEnv(environment(map[string]string{v.Name: "0"}))
			require.NoError(t, err)
			require.NotEqual(t, defaultConfig(), c)
		})
	}
}

func TestZeroTakesEveryProtectionAway(t *testing.T) {
	values := map[string]string{}
	for _, v := range settings.Search() {
		values[v.Name] = "0"
	}
	c, err := FromEnv(environment(values))
	require.NoError(t, err)
	require.Zero(t, c)
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	values := map[string]string{}
	for _, v := range settings.Search() {
		values[v.Name] = "plenty"
	}
	_, err := FromEnv(environment(values))
	for _, v := range settings.Search() {
		require.ErrorContains(t, err, v.Name+`: "plenty"`)
	}

	err = settings.Validate(settings.Search(), Config{MaxResults: 1 << 20, MaxQueryLength: -1, StatementTimeout: 1, AcquireTimeout: 1 << 62,
		MaxConcurrent: 1 << 30, MaxQueued: -3})
	for _, name := range []string{"MAX_SEARCH_RESULTS", "SEARCH_MAX_QUERY_LENGTH", "SEARCH_STATEMENT_TIMEOUT", "SEARCH_ACQUIRE_TIMEOUT",
		"SEARCH_MAX_CONCURRENT", "SEARCH_MAX_QUEUED"} {
		require.ErrorContains(t, err, name)
	}
}

// The page of a search without a limit is as long as that of one with it, so
// that the two can be compared.
func TestAPageWithoutALimitIsOfTheDefaultLength(t *testing.T) {
	require.Equal(t, defaultConfig().MaxResults, pageSize)
}
