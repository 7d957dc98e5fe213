package search

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestAnEmptyEnvironmentHasEveryProtection(t *testing.T) {
	c, err := FromEnv(environment(nil))
	require.NoError(t, err)
	require.Equal(t, DefaultConfig(), c)
	require.NotContains(t, []any{c.MaxResults, c.MaxQueryLength, c.MaxConcurrent, c.MaxQueued}, 0)
}

func TestListedDefaultsAreTheDefaults(t *testing.T) {
	values := map[string]string{}
	for _, v := range Variables() {
		require.NotEmpty(t, v.Meaning, v.Name)
		values[v.Name] = v.Default
	}
	c, err := FromEnv(environment(values))
	require.NoError(t, err)
	require.Equal(t, DefaultConfig(), c)
}

func TestEachVariableChangesItsOwnSetting(t *testing.T) {
	for _, v := range Variables() {
		t.Run(v.Name, func(t *testing.T) {
			c, err := FromEnv(environment(map[string]string{v.Name: "0"}))
			require.NoError(t, err)
			require.NotEqual(t, DefaultConfig(), c)
		})
	}
}

func TestZeroTakesEveryProtectionAway(t *testing.T) {
	values := map[string]string{}
	for _, v := range Variables() {
		values[v.Name] = "0"
	}
	c, err := FromEnv(environment(values))
	require.NoError(t, err)
	require.Zero(t, c)
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	values := map[string]string{}
	for _, v := range Variables() {
		values[v.Name] = "plenty"
	}
	_, err := FromEnv(environment(values))
	for _, v := range Variables() {
		require.ErrorContains(t, err, v.Name+`: "plenty"`)
	}

	err = Config{MaxResults: 1 << 20, MaxQueryLength: -1, StatementTimeout: 1, AcquireTimeout: 1 << 62,
		MaxConcurrent: 1 << 30, MaxQueued: -3}.Validate()
	for _, name := range []string{EnvMaxResults, EnvMaxQueryLength, EnvStatementTimeout, EnvAcquireTimeout,
		EnvMaxConcurrent, EnvMaxQueued} {
		require.ErrorContains(t, err, name)
	}
}
