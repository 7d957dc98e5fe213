package task

import (
	"path/filepath"
	"testing"
	"time"

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
}

func TestEachVariableChangesItsOwnSetting(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	keyFile(t, key, "k")
	other := map[string]string{"EMAIL_API_URL": "http://127.0.0.1:1", "EMAIL_API_KEY": "k", "EMAIL_API_KEY_FILE": key, "EMAIL_FROM": "a@b.example",
		"TASK_PARK_REFUSED_KEY": "true", "TASK_PARK_PROBE": "1s", "TASK_WORKERS": "1", "TASK_POOL_MAX": "2", "TASK_POLL_INTERVAL": "1s"}
	seen := map[Config]string{defaultConfig(): "the default"}
	for _, v := range settings.Task() {
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
	for _, v := range settings.Task() {
		values[v.Name] = "\x7fplenty"
	}
	_, err := FromEnv(environment(values))
	for _, v := range settings.Task() {
		require.ErrorContains(t, err, v.Name+": ")
	}
	_, err = FromEnv(environment(map[string]string{"EMAIL_API_URL": "https://user:secret@host", "EMAIL_API_KEY": "sec ret"}))
	require.NotContains(t, err.Error(), "secret")
	require.NotContains(t, err.Error(), "sec ret")

	err = Config{MaxRetries: -1, Backoff: 11, Workers: 0, PoolMax: 1, Jitter: 2, DBCountdown: -1, NetworkCountdown: 1,
		SendTimeout: 2 * time.Hour, MaxRetryAfter: -1, DrainOnStop: -1, RescueAfter: -1}.validate()
	for _, name := range []string{"EMAIL_FROM", "MAX_RETRIES_TASKS", "TASK_BACKOFF", "TASK_WORKERS", "TASK_POOL_MAX", "TASK_JITTER", "TASK_DB_COUNTDOWN", "TASK_NETWORK_COUNTDOWN",
		"TASK_SEND_TIMEOUT", "TASK_MAX_RETRY_AFTER", "TASK_DRAIN_ON_STOP", "TASK_RESCUE_AFTER", "TASK_PARK_PROBE", "TASK_POLL_INTERVAL"} {
		require.ErrorContains(t, err, name)
	}
}
