package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// What a run exports is read by the tools that it is for: as many requests, and as many
// latencies, as the run says.
func TestExportsAreReadByTheirTools(t *testing.T) {
	dir := t.TempDir()
	service := strings.Replace(goodService, `"{port}"]`, `"{port}", --bind, 127.0.0.1]`, 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "holdfast.yaml"), []byte(service), 0o600))
	out := filepath.Join(dir, "out")
	code, stdout, stderr := holdfast(t, map[string]string{"PATH": os.Getenv("PATH")}, "run", "--service", dir, "--all", "--export", "csv,hdr,vegeta", "--out", out)
	require.Contains(t, []int{exitPass, exitInconclusive}, code, "%s%s", stdout, stderr) // on a machine that is full nothing may be shown
	run, err := readRun(filepath.Join(out, "run.json"))
	require.NoError(t, err)
	stream := run.Scenarios[0].Streams[0]

	f, err := os.Open(filepath.Join(out, "requests.bin"))
	require.NoError(t, err)
	defer f.Close()
	decode, results := vegeta.NewDecoder(f), int64(0)
	for {
		var r vegeta.Result
		err := decode(&r)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.Equal(t, "hello/steady/page", r.Attack)
		results++
	}
	require.Equal(t, stream.Sent, results)
	require.Positive(t, results)

	require.FileExists(t, filepath.Join(out, "series.csv"))
	again := filepath.Join(dir, "again")
	code, _, stderr = holdfast(t, nil, "report", filepath.Join(out, "run.json"), "--export", "hdr", "--out", again)
	require.Equal(t, exitPass, code, stderr)
	for _, folder := range []string{out, again} {
		log, err := os.Open(filepath.Join(folder, "latency.hlog"))
		require.NoError(t, err)
		defer log.Close()
		reader, latencies := hdr.NewHistogramLogReader(log), int64(0)
		for {
			h, err := reader.NextIntervalHistogram()
			require.NoError(t, err)
			if h == nil {
				break
			}
			latencies += h.TotalCount()
		}
		require.Equal(t, stream.Sent, latencies)
	}
}
