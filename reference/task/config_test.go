package task

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestAnEmptyEnvironmentHasEveryProtection(t *testing.T) {
	c, err := FromEnv(environment(nil))
	require.NoError(t, err)
	require.Equal(t, DefaultConfig(), c)
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
	key := filepath.Join(t.TempDir(), "key")
	keyFile(t, key, "k")
	other := map[string]string{EnvAPIURL: "http://127.0.0.1:1", EnvAPIKey: "k", EnvAPIKeyFile: key, EnvFrom: "a@b.example",
		EnvParkRefusedKey: "true", EnvParkProbe: "1s", EnvWorkers: "1", EnvPoolMax: "2", EnvPollInterval: "1s"}
	seen := map[Config]string{DefaultConfig(): "the default"}
	for _, v := range Variables() {
		value := other[v.Name]
		if value == "" {
			value = "0" // takes a protection away
		}
		c, err := FromEnv(environment(map[string]string{v.Name: value}))
		require.NoError(t, err, v.Name)
		require.Empty(t, seen[c], v.Name)
		seen[c] = v.Name
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	values := map[string]string{}
	for _, v := range Variables() {
		values[v.Name] = "\x7fplenty"
	}
	_, err := FromEnv(environment(values))
	for _, v := range Variables() {
		require.ErrorContains(t, err, v.Name+": ")
	}
	_, err = FromEnv(environment(map[string]string{EnvAPIURL: "https://user:secret@host", EnvAPIKey: "sec ret"}))
	require.NotContains(t, err.Error(), "secret")
	require.NotContains(t, err.Error(), "sec ret")

	err = Config{MaxRetries: -1, Backoff: 11, Workers: 0, PoolMax: 1, Jitter: 2, DBCountdown: -1, NetworkCountdown: 1,
		SendTimeout: 2 * time.Hour, MaxRetryAfter: -1, DrainOnStop: -1, RescueAfter: -1}.Validate()
	for _, name := range []string{EnvFrom, EnvMaxRetries, EnvBackoff, EnvWorkers, EnvPoolMax, EnvJitter, EnvDBCountdown, EnvNetworkCountdown,
		EnvSendTimeout, EnvMaxRetryAfter, EnvDrainOnStop, EnvRescueAfter, EnvParkProbe, EnvPollInterval} {
		require.ErrorContains(t, err, name)
	}
}
