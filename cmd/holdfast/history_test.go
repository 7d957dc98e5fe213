package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHistoryNamesTheRunThatBrokeACheck(t *testing.T) {
	dir := t.TempDir()
	for n, value := range []float64{40, 50, 140, 60} {
		writeRun(t, filepath.Join(dir, "night", strconv.Itoa(n), "run.json"), n, value)
	}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "half"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "half", "run.json"), []byte(`{"schema":"hold`), 0o600))
	code, stdout, stderr := holdfast(t, nil, "history", dir)
	require.Equal(t, exitPass, code, stderr)
	require.Contains(t, stdout, "night2 broke search/x: search.latency.p99\n")
	require.NotContains(t, stdout, "night3 broke")
	require.Contains(t, stderr, "not in the history: half/run.json: ")
	for _, name := range []string{"history.html", "history.md"} {
		require.FileExists(t, filepath.Join(dir, name))
	}
	code, _, stderr = holdfast(t, nil, "history", t.TempDir())
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "no run.json under")
}
