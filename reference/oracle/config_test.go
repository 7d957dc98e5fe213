package oracle

import (
	"reflect"
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
	for i := range reflect.TypeFor[Config]().NumField() {
		require.False(t, reflect.ValueOf(c).Field(i).IsZero(), reflect.TypeFor[Config]().Field(i).Name)
	}
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

	err = Config{Cap: 1 << 30, CallTimeout: 1, OverallDeadline: -1, ConcurrentCalls: 1 << 20, MaxBody: -1, RedirectLimit: 101,
		MaxAge: 1 << 62, HostMaxInFlight: -1, HostQueueTimeout: 1, BreakerFailures: -1, BreakerCooldown: 1,
		StatementTimeout: 1 << 62, AcquireTimeout: 1}.Validate()
	for _, name := range []string{EnvCap, EnvCallTimeout, EnvOverallDeadline, EnvConcurrentCalls, EnvMaxBody, EnvRedirectLimit,
		EnvMaxAge, EnvHostMaxInFlight, EnvHostQueueTimeout, EnvBreakerFailures, EnvBreakerCooldown, EnvStatementTimeout, EnvAcquireTimeout} {
		require.ErrorContains(t, err, name+":")
	}
}
