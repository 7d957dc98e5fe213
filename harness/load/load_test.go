package load_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// get asks for the same path every time.
func get(path string) func(int64, *rand.Rand) load.Request {
	return func(int64, *rand.Rand) load.Request { return load.Request{Path: path} }
}

// play sends streams to handler and returns what became of them.
func play(t testing.TB, handler http.HandlerFunc, config load.Config, streams ...load.Stream) []load.Tally {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	config.BaseURL = server.URL
	attack, err := load.Start(context.Background(), config, streams...)
	require.NoError(t, err)
	outcomes := attack.Wait()
	for _, o := range outcomes {
		requireSound(t, o)
	}
	return outcomes
}

// requireSound checks that the books of an outcome add up.
func requireSound(t testing.TB, o load.Tally) {
	t.Helper()
	sum := func(m map[string]int64) (n int64) {
		for _, v := range m {
			n += v
		}
		return n
	}
	sound := func(c result.Counts, where string) {
		require.Equal(t, c.Planned, c.Sent+c.Late+c.Shed+c.Unsent, "planned = sent + late + shed + unsent, %s: %+v", where, c)
		require.Equal(t, c.Sent, c.OK+sum(c.Errors), "sent = ok + errors, %s: %+v", where, c)
		require.Equal(t, c.Completed, sum(c.Statuses), "completed = statuses, %s: %+v", where, c)
		if c.Sent > 0 {
			require.Equal(t, c.Sent, c.Latency.N, where)
			require.Equal(t, c.Sent, c.LatencyFromSend.N, where)
		}
		if c.OK > 0 {
			require.Equal(t, c.OK, c.LatencyOK.N, where)
		}
	}
	sound(o.Counts, o.Name)
	for _, p := range o.Phases {
		sound(p.Counts, o.Name+" in "+p.Phase)
	}
}
