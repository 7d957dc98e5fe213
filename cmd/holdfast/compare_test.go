package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// writeRun writes a run with one check of the given value and limit 100 ms.
func writeRun(t *testing.T, path string, n int, value float64) {
	t.Helper()
	v := result.Pass
	if value > 100 {
		v = result.Fail
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, result.WriteFile(path, &result.Run{
		Schema: result.Schema, ID: filepath.Base(filepath.Dir(filepath.Dir(path))) + strconv.Itoa(n), Started: time.Unix(int64(n)*3600, 0).UTC(), Complete: true, Verdict: v,
		Scenarios: []result.Scenario{{Name: "search/x", Verdict: v, Checks: []result.Check{{
			Metric: "search.latency.p99", Op: "<=", Threshold: 100, Unit: result.UnitMS, Value: &value, Samples: 1000, Verdict: v, Reason: "measured"}}}},
	}))
}

func TestCompareIsAGate(t *testing.T) {
	dir := t.TempDir()
	for n := range 6 {
		writeRun(t, filepath.Join(dir, "calm", strconv.Itoa(n), "run.json"), n, 40+float64(n))
		writeRun(t, filepath.Join(dir, "same", strconv.Itoa(n), "run.json"), n, 41+float64(n))
		writeRun(t, filepath.Join(dir, "slow", strconv.Itoa(n), "run.json"), n, 80+float64(n))
		writeRun(t, filepath.Join(dir, "broken", strconv.Itoa(n), "run.json"), n, 180+float64(n))
	}
	require.NoError(t, result.WriteFile(filepath.Join(dir, "nothing.json"), &result.Run{Schema: result.Schema, ID: "n", Complete: true}))
	one := func(side string) string { return filepath.Join(dir, side, "0", "run.json") }
	for _, row := range []struct {
		name, old, new string
		code           int
		says           string
	}{
		{"noise", filepath.Join(dir, "calm"), filepath.Join(dir, "same"), exitPass, "no evidence: No evidence of a change"},
		{"slower within the limit", filepath.Join(dir, "calm"), filepath.Join(dir, "slow"), exitFail, "worse: search/x: search.latency.p99 is worse"},
		{"faster", filepath.Join(dir, "slow"), filepath.Join(dir, "calm"), exitPass, "better:"},
		{"one run a side, slower", one("calm"), one("slow"), exitPass, "no evidence"},
		{"one run a side, broken", one("calm"), one("broken"), exitFail, "failed in 0 of 1 runs before, 1 of 1 after"},
		{"not shown again", one("calm"), filepath.Join(dir, "nothing.json"), exitInconclusive, "not compared"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, summary := t.TempDir(), filepath.Join(t.TempDir(), "summary")
			code, stdout, stderr := holdfast(t, map[string]string{"GITHUB_STEP_SUMMARY": summary}, "compare", row.old, row.new, "--out", out)
			require.Equal(t, row.code, code, stdout+stderr)
			require.Contains(t, stdout, row.says)
			require.FileExists(t, filepath.Join(out, "comparison.html"))
			md, err := os.ReadFile(filepath.Join(out, "comparison.md"))
			require.NoError(t, err)
			appended, err := os.ReadFile(summary)
			require.NoError(t, err)
			require.Equal(t, string(md), string(appended))
		})
	}
}

func TestCompareRefuses(t *testing.T) {
	dir := t.TempDir()
	writeRun(t, filepath.Join(dir, "good", "1", "run.json"), 1, 40)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "bad", "1"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad", "1", "run.json"), []byte(`{"schema":"k6/2"}`), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	good := filepath.Join(dir, "good")
	for name, row := range map[string]struct {
		args []string
		says string
	}{
		"one side":        {[]string{good}, "accepts 2 arg"},
		"no such folder":  {[]string{good, filepath.Join(dir, "none")}, "none"},
		"an empty folder": {[]string{good, filepath.Join(dir, "empty")}, "no run.json under"},
		"another schema":  {[]string{filepath.Join(dir, "bad"), good}, "unknown schema"},
		"a silly level":   {[]string{good, good, "--alpha", "2"}, "alpha 2"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := holdfast(t, nil, append([]string{"compare", "--out", t.TempDir()}, row.args...)...)
			require.Equal(t, exitUsage, code)
			require.Contains(t, stderr, row.says)
		})
	}
}
