package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

// Whatever stands in an argument, a name of a file, a result or a service's file: no
// command of the program prints what steers a terminal, what a CI job takes as a
// command, or the password of a DSN.
func TestNothingThatIsReadSteersWhoReadsIt(t *testing.T) {
	t.Chdir(t.TempDir())
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.SampledFrom([]string{"\x1b]0;owned\a", "\x1b[2J", "\r", "\u202e", "\u009b31m", "\x7f", "\n::error::x", "\n##vso[task.x]y", "\n##[error]z",
			" postgres://u:geheim@127.0.0.1/x", "\nword", "\u2028"})
		hostile := "x" + strings.Join(rapid.SliceOfN(word, 1, 6).Draw(rt, "words"), "")
		dir := hostileFiles(t, hostile)
		run, slo := filepath.Join(dir, "0", "run.json"), filepath.Join(dir, "slo.yaml")
		args := rapid.SampledFrom([][]string{
			{hostile}, {"--" + hostile}, {"help", hostile}, {"list", hostile}, {"list", "--profile", hostile}, {"list", "--service", dir},
			{"run", hostile}, {"run", "search", "--profile", hostile}, {"run", "search", "--without", hostile}, {"run", "search", "--database", hostile},
			{"run", "search", "--memory", hostile}, {"run", "search", "--fail-on", hostile}, {"run", "search", "--standing-off", hostile},
			{"run", "search", "--serve", hostile}, {"run", "search", "--seed", hostile}, {"run", "--all", "--service", dir}, {"run", "--all", "--service", hostile},
			{"prove", hostile}, {"prove", "--part", hostile}, {"mutate", "--invented", hostile}, {"mutate", "--source", hostile},
			{"validate", hostile}, {"validate", dir}, {"plan", dir}, {"plan", dir, hostile}, {"show", hostile}, {"schema", hostile},
			{"report", hostile}, {"report", run}, {"report", run, "--slo", slo}, {"report", run, "--slo", run}, {"report", slo},
			{"compare", run, filepath.Join(dir, "1", "run.json")}, {"compare", hostile, hostile}, {"history", dir}, {"history", hostile},
			{"fake", hostile}, {"fake", "oracle", "--fault", hostile}, {"fake", "email", "--listen", hostile}, {"attack", "--target", hostile},
			{"import", hostile}, {"import", "k6", hostile}, {"init", "none/" + hostile},
		}).Draw(rt, "args")
		for _, variables := range []map[string]string{nil, {"GITHUB_ACTIONS": "true"}} {
			_, stdout, stderr := holdfast(t, variables, args...)
			for _, said := range []string{stdout, stderr} {
				steersNobody(rt, hostile, said, variables != nil)
			}
			require.NotContains(rt, stderr, "geheim")
		}
	})
}

func steersNobody(t *rapid.T, hostile, said string, commands bool) {
	for line := range strings.Lines(said) {
		require.NotContains(t, line, "##vso[")
		require.NotContains(t, line, "##[")
		if annotates := strings.HasPrefix(line, "::error title=") || strings.HasPrefix(line, "::warning title="); !commands || !annotates {
			require.False(t, strings.HasPrefix(strings.TrimSpace(line), "::"), "%q", line)
		}
		for _, r := range line {
			require.True(t, r == '\n' || r == '\t' || !unicode.IsControl(r) && r != '\u202e' && r != '\u2028', "%q for %q", line, hostile)
		}
	}
}

// hostileFiles is a folder with two results, limits and a service's file that say
// hostile wherever they may say what they like.
func hostileFiles(t *testing.T, hostile string) string {
	dir := t.TempDir()
	value := 140.0
	check := result.Check{Name: hostile, Metric: "search.latency.p99", Op: "<=", Threshold: 100, Unit: result.UnitMS, Value: &value, Samples: 1000, Verdict: result.Fail, Reason: hostile}
	for n := range 2 {
		path := filepath.Join(dir, strconv.Itoa(n), "run.json")
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, result.WriteFile(path, &result.Run{
			Schema: result.Schema, ID: hostile + strconv.Itoa(n), Started: time.Unix(int64(n), 0), Complete: true, Verdict: result.Fail, Reason: hostile, Profile: hostile,
			Scenarios: []result.Scenario{{Name: hostile, Claim: hostile, Verdict: result.Fail, Reason: hostile, Checks: []result.Check{check}}},
		}))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "slo.yaml"), []byte("limits:\n  - metric: search.latency.p99\n    limit: 150ms\n"), 0o600))
	quoted := strconv.QuoteToASCII(hostile)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "holdfast.yaml"),
		[]byte("name: "+quoted+"\nprocesses: {"+quoted+": {command: ["+quoted+"]}}\nscenarios: {"+quoted+": {claim: "+quoted+"}}\n"), 0o600))
	return dir
}
