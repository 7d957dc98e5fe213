package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// In CI a job's page gets the summary, and its log an annotation for each check
// that failed; elsewhere there is neither.
func TestCIIsTold(t *testing.T) {
	dir := t.TempDir()
	run, slo, summary := filepath.Join(dir, "run.json"), filepath.Join(dir, "slo.yaml"), filepath.Join(dir, "summary")
	writeRun(t, run, 1, 60)
	require.NoError(t, os.WriteFile(slo, []byte("limits: [{metric: search.latency.p99, limit: 50ms}]"), 0o600))
	_, _, stderr := holdfast(t, map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary}, "report", run, "--slo", slo)
	require.Contains(t, stderr, "::error title=✕ FAIL search/x%3A search.latency.p99::")
	text, err := os.ReadFile(summary)
	require.NoError(t, err)
	require.Contains(t, string(text), "✕ FAIL – Holdfast")
	_, _, stderr = holdfast(t, nil, "report", run, "--slo", slo)
	require.NotContains(t, stderr, "::error")
}

// A report that is drawn again tells the job, too, and series can be had as CSV.
func TestAReportDrawnAgainTellsCI(t *testing.T) {
	dir := t.TempDir()
	run, summary := filepath.Join(dir, "run.json"), filepath.Join(dir, "summary")
	writeRun(t, run, 1, 160)
	code, _, stderr := holdfast(t, map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary}, "report", run, "--export", "csv")
	require.Equal(t, exitPass, code, stderr)
	require.Contains(t, stderr, "::error title=✕ FAIL search/x")
	text, err := os.ReadFile(summary)
	require.NoError(t, err)
	require.Contains(t, string(text), "✕ FAIL – Holdfast")
	series, err := os.ReadFile(filepath.Join(dir, "series.csv"))
	require.NoError(t, err)
	require.Equal(t, "scenario,series,unit,at_s,value\n", string(series))
	for _, args := range [][]string{{"report", run, "--export", "xls"}, {"report", run, "--export", "csv", "--slo", run}} {
		code, _, stderr = holdfast(t, nil, args...)
		require.Equal(t, exitUsage, code)
		require.Contains(t, stderr, "export")
	}
}

// A file of another version may hold what ours never would.
func TestNoCredentialReachesAReport(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "run.json")
	require.NoError(t, os.WriteFile(run, []byte(`{"schema":"holdfast.run/3","complete":true,"reason":"dial postgres://u:geheim@h/x",
		"scenarios":[{"name":"a","settings":{"API_KEY":"geheim"},"log":["password=geheim"]}]}`), 0o600))
	code, _, stderr := holdfast(t, nil, "report", run)
	require.Equal(t, exitPass, code, stderr)
	for _, name := range []string{"report.html", "junit.xml", "summary.md"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NotContains(t, string(text), "geheim", name)
	}
}

// What is left of a file that was cut off is shown, and is no success.
func TestACutFileIsShownAsPartial(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	writeRun(t, path, 1, 60)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, whole[:len(whole)-40], 0o600))
	code, _, stderr := holdfast(t, nil, "report", path)
	require.Equal(t, exitPass, code, stderr)
	require.Contains(t, stderr, "is cut off")
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "<title>NO VERDICT")
	require.Contains(t, string(page), "The file is cut off after")
	require.Contains(t, string(page), "This result is partial")
}
