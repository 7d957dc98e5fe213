package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestAnOldRunIsJudgedByOtherLimits(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "run.json")
	writeRun(t, run, 1, 60)
	before, err := os.ReadFile(run)
	require.NoError(t, err)
	slo := filepath.Join(dir, "slo.yaml")
	require.NoError(t, os.WriteFile(slo, []byte("limits:\n  - metric: search.latency.p99\n    limit: 50ms\n"), 0o600))

	code, stdout, stderr := holdfast(t, nil, "report", run, "--slo", slo)
	require.Equal(t, exitFail, code, stderr)
	require.Contains(t, stdout, "search/x: search.latency.p99: pass (limit ≤\u00a0100\u00a0ms) → fail (limit ≤\u00a050\u00a0ms)")
	require.Contains(t, stdout, "pass → fail")
	for _, name := range []string{"report.html", "junit.xml", "summary.md", "run.json"} {
		require.FileExists(t, filepath.Join(dir, "reevaluated", name))
	}
	after, err := os.ReadFile(run)
	require.NoError(t, err)
	require.Equal(t, before, after, "the run itself stays as it is")

	require.NoError(t, os.WriteFile(slo, []byte("limits:\n  - metric: search.latency.p99\n    limit: 70ms\n"), 0o600))
	code, stdout, _ = holdfast(t, nil, "report", run, "--slo", slo, "--out", filepath.Join(dir, "x"))
	require.Equal(t, exitPass, code, stdout)
	require.NoError(t, os.WriteFile(slo, []byte("limits:\n  - metric: search.latency.p9\n    limit: 70ms\n"), 0o600))
	code, _, stderr = holdfast(t, nil, "report", run, "--slo", slo)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "nothing in this run is judged or measured")
	code, _, _ = holdfast(t, nil, "report", run, "--slo", filepath.Join(dir, "none"))
	require.Equal(t, exitUsage, code)
}

// A proof with a mutant that nothing noticed has failed, and stays so whatever
// limits its control is held against.
func TestAProofWithAMissedMutantStaysFailedByOtherLimits(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	writeRun(t, path, 1, 60)
	f, err := os.Open(path)
	require.NoError(t, err)
	run, err := result.Read(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	run.Detections = []result.Detection{{Without: "search.sql-limit", Expected: "search/x", Outcome: result.OutcomeMissed, Verdict: result.Fail, Reason: "nothing noticed"}}
	run.Verdict = result.Fail
	require.NoError(t, result.WriteFile(path, run))
	slo := filepath.Join(dir, "slo.yaml")
	require.NoError(t, os.WriteFile(slo, []byte("limits:\n  - metric: search.latency.p99\n    limit: 70ms\n"), 0o600))

	code, stdout, stderr := holdfast(t, nil, "report", path, "--slo", slo)
	require.Equal(t, exitFail, code, stderr)
	require.Contains(t, stdout, "fail → fail")
}
