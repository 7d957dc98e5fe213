package oracle

import (
	"reflect"
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
	for i := range reflect.TypeFor[Config]().NumField() {
		require.False(t, reflect.ValueOf(c).Field(i).IsZero(), reflect.TypeFor[Config]().Field(i).Name)
	}
}

func TestEachVariableChangesItsOwnSetting(t *testing.T) {
	for _, v := range settings.Oracle() {
		t.Run(v.Name, func(t *testing.T) {
			c, err := FromEnv(environment(map[string]string{v.Name: "0"}))
			require.NoError(t, err)
			require.NotEqual(t, defaultConfig(), c)
		})
	}
}

func TestZeroTakesEveryProtectionAway(t *testing.T) {
	values := map[string]string{}
	for _, v := range settings.Oracle() {
		values[v.Name] = "0"
	}
	c, err := FromEnv(environment(values))
	require.NoError(t, err)
	require.Zero(t, c)
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	values := map[string]string{}
	for _, v := range settings.Oracle() {
		values[v.Name] = "plenty"
	}
	_, err := FromEnv(environment(values))
	for _, v := range settings.Oracle() {
		require.ErrorContains(t, err, v.Name+`: "plenty"`)
	}

	err = settings.Validate(settings.Oracle(), Config{Cap: 1 << 30, CallTimeout: 1, OverallDeadline: -1, ConcurrentCalls: 1 << 20, MaxBody: -1, RedirectLimit: 101,
		MaxAge: 1 << 62, HostMaxInFlight: -1, HostQueueTimeout: 1, BreakerFailures: -1, BreakerCooldown: 1,
		StatementTimeout: 1 << 62, AcquireTimeout: 1})
	for _, name := range []string{"MAX_ORACLES_PER_PROJECT", "DEFAULT_API_TIMEOUT", "ORACLE_OVERALL_DEADLINE", "ORACLE_CONCURRENT_CALLS", "ORACLE_MAX_BODY", "ORACLE_REDIRECT_LIMIT",
		"ORACLE_MAX_AGE", "ORACLE_HOST_MAX_IN_FLIGHT", "ORACLE_HOST_QUEUE_TIMEOUT", "ORACLE_BREAKER_FAILURES", "ORACLE_BREAKER_COOLDOWN", "ORACLE_STATEMENT_TIMEOUT", "ORACLE_ACQUIRE_TIMEOUT"} {
		require.ErrorContains(t, err, name+":")
	}
}
