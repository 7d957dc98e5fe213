package task

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// keyFile writes a key to a file as a mounted secret is replaced: at once.
func keyFile(t *testing.T, path, key string) {
	next := filepath.Join(t.TempDir(), "next")
	require.NoError(t, os.WriteFile(next, []byte(key+"\n"), 0o600))
	require.NoError(t, os.Rename(next, path))
}

// only is an API that knows one key.
func only(key string) func(received) answer {
	return func(c received) answer {
		if c.key != key {
			return answer{status: 401, name: "restricted_api_key"}
		}
		return answer{}
	}
}

func TestARefusedKeyParksTheQueueUntilItIsReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	keyFile(t, path, "old")
	r := started(t, only("new"), func(c *Config) {
		c.APIKey, c.APIKeyFile, c.ParkRefusedKey, c.Workers = "", path, true, 2
	})
	var ids []int64
	for i := range 20 {
		ids = append(ids, r.notify(i+1))
	}
	ids = append(ids, r.batch(1))
	r.eventually(func() bool { return r.queue().Parked == 21 })
	refused := len(r.api.all())
	require.LessOrEqual(t, refused, 3*2, "no more calls than workers")
	require.Zero(t, r.queue().Failed)

	keyFile(t, path, "new")
	for _, id := range ids {
		s := r.until(id, stateSucceeded)
		require.LessOrEqual(t, s.Attempts, 2)
	}
	require.Len(t, r.api.all(), refused+21)
	require.Zero(t, r.queue().Parked)
}

func TestASingleTaskProbesARefusedKey(t *testing.T) {
	t.Parallel()
	var valid atomic.Bool
	r := started(t, func(c received) answer {
		if !valid.Load() {
			return answer{status: 403, name: "suspended_api_key"}
		}
		return answer{}
	}, func(c *Config) { c.ParkRefusedKey, c.ParkProbe, c.Workers = true, 500*time.Millisecond, 4 })
	var ids []int64
	for i := range 20 {
		ids = append(ids, r.notify(i+1))
	}
	r.eventually(func() bool { return r.queue().Parked == 20 })
	before := len(r.api.all())
	require.LessOrEqual(t, before, 3*4)
	r.eventually(func() bool { return len(r.api.all()) > before })
	r.eventually(func() bool { return r.queue().Parked == 20 })
	require.LessOrEqual(t, len(r.api.all()), before+2, "one at a time")
	valid.Store(true)
	for _, id := range ids {
		r.until(id, stateSucceeded)
	}
	for to, n := range r.api.deliveries() {
		require.LessOrEqual(t, n, 20, to)
	}
}

func TestARestartOpensAParkedQueue(t *testing.T) {
	t.Parallel()
	r := started(t, fails(401, ""), func(c *Config) { c.ParkRefusedKey = true })
	id := r.notify(1)
	r.eventually(func() bool { return r.queue().Parked == 1 })
	require.NoError(t, r.Stop())
	next := onto(t, r.dsn, newAPI(t, works), nil)
	require.NoError(t, next.Start(t.Context()))
	defer func() { require.NoError(t, next.Stop()) }()
	next.until(id, stateSucceeded)
}

func TestParkingWithoutAnyKeyCallsNobody(t *testing.T) {
	t.Parallel()
	r := started(t, works, func(c *Config) { c.APIKey, c.ParkRefusedKey = "", true })
	r.notify(1)
	r.eventually(func() bool { return r.queue().Parked == 1 })
	require.Empty(t, r.api.all())
}

func TestWithoutAKeyATaskFails(t *testing.T) {
	t.Parallel()
	r := started(t, works, func(c *Config) { c.APIKey = "" })
	s := r.until(r.notify(1), stateFailed)
	require.Equal(t, []any{1, classPermanent}, []any{s.Attempts, s.ErrorClass})
	require.Contains(t, s.Error, "there is no API key")
	require.Empty(t, r.api.all())
}

func TestAKeyFileThatIsGoneForAMomentIsTemporary(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	r := started(t, works, func(c *Config) { c.APIKey, c.APIKeyFile, c.NetworkCountdown = "", path, 100*time.Millisecond })
	id := r.notify(1)
	s := r.until(id, stateRetrying)
	require.Equal(t, classTemporary, s.ErrorClass)
	require.NotContains(t, s.Error, path)
	keyFile(t, path, "new")
	r.until(id, stateSucceeded)
	require.Equal(t, "new", r.api.all()[0].key)
}
