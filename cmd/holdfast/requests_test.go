package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/load/vegetabridge"
)

func TestRequestsAreKeptByScenarioAndStream(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.bin")
	var cfg harness.Config
	kept, err := keepRequests(path, &cfg)
	require.NoError(t, err)
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for n := range int64(3) {
		due := time.Duration(n) * time.Second
		cfg.Exchanges("search/popular-term", start, load.Exchange{Stream: "search", N: n, Due: due, Sent: due, End: due + 20*time.Millisecond, Status: 200})
	}
	cfg.Exchanges("task/refused-key", start, load.Exchange{Stream: "tasks", Class: load.ClassTimeout, End: time.Second})
	require.NoError(t, kept.take())

	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	tallies, err := vegetabridge.Read(f, start, nil)
	require.NoError(t, err)
	require.Len(t, tallies, 2)
	require.Equal(t, "search/popular-term/search", tallies[0].Name)
	require.EqualValues(t, 3, tallies[0].OK)
	require.InEpsilon(t, 20, tallies[0].Latency.P50, 0.001, "from the plan")
	require.Equal(t, "task/refused-key/tasks", tallies[1].Name)
	require.EqualValues(t, 1, tallies[1].Errors[load.ClassTimeout])
}

func TestNothingIsKeptWithoutAPath(t *testing.T) {
	var cfg harness.Config
	kept, err := keepRequests("", &cfg)
	require.NoError(t, err)
	require.Nil(t, cfg.Exchanges)
	require.NoError(t, kept.take())
}
