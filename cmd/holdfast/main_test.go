package main

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// holdfast runs one command line as a user would, with an environment of its own.
func holdfast(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), environ{args: args, stdout: &out, stderr: &errs, getenv: func(name string) string { return env[name] }})
	return code, out.String(), errs.String()
}

func TestServeSaysThatItsPortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	code, _, stderr := holdfast(t, map[string]string{
		"LISTEN_ADDR": taken.Addr().String(), "DATABASE_URL": "postgres://u:geheim@127.0.0.1:1/x",
	}, "serve")
	require.Equal(t, exitEnvironment, code)
	require.Contains(t, stderr, taken.Addr().String())
	require.NotContains(t, stderr, "geheim")
}

func TestListShowsWhatIsProved(t *testing.T) {
	code, stdout, _ := holdfast(t, nil, "list")
	require.Equal(t, exitPass, code)
	for _, text := range []string{"search/popular-term", "exactly 100 results", "search.sql-limit"} {
		require.Contains(t, stdout, text)
	}
	code, stdout, _ = holdfast(t, nil, "list", "--json")
	require.Equal(t, exitPass, code)
	require.True(t, strings.HasPrefix(stdout, "{"), stdout)
}

func TestReportIsDrawnAgainFromTheFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, result.WriteFile(filepath.Join(dir, "run.json"), &result.Run{Schema: result.Schema, ID: "half", Profile: "smoke"}))
	code, stdout, stderr := holdfast(t, nil, "report", filepath.Join(dir, "run.json"))
	require.Equal(t, exitPass, code, stderr)
	require.Equal(t, filepath.Join(dir, "report.html"), strings.TrimSpace(stdout))
	for _, name := range []string{"report.html", "junit.xml", "summary.md"} {
		require.FileExists(t, filepath.Join(dir, name))
	}
}

func TestExitCodes(t *testing.T) {
	for v, code := range map[result.Verdict]int{
		result.Pass: exitPass, result.Fail: exitFail, result.Inconclusive: exitInconclusive, result.NotExercised: exitNotExercised, "": exitInconclusive,
	} {
		require.Equal(t, code, v.ExitCode(), v)
	}
	p := plan{failOn: []result.Verdict{result.Fail}}
	require.Equal(t, exitPass, codeOf(p.exit(context.Background(), &result.Run{Verdict: result.Inconclusive}, nil)), "softened on request")
	require.Equal(t, exitFail, codeOf(p.exit(context.Background(), &result.Run{Verdict: result.Fail}, nil)))
}

// What a proof says to type draws the same part of the same matrix again.
func TestAProofSaysHowToRepeatIt(t *testing.T) {
	env := environ{getenv: func(string) string { return "" }}
	f := proveFlags{runFlags: everything(), full: true, part: "2/4"}
	f.profile, f.database, f.seed, f.sideBySide = "smoke", "local", 7, 3
	p, err := newProofPlan(env, f, []string{"oracle"})
	require.NoError(t, err)
	require.Equal(t, "holdfast prove oracle --profile smoke --seed 7 --side-by-side 3 --part 2/4 --database local --full", p.config.Repeat(""))
	require.Equal(t, "holdfast run oracle/one-hangs --profile smoke --seed 7 --database local", p.config.Repeat("oracle/one-hangs"))
	require.Equal(t, 3, p.config.SideBySide)
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]uint64{"100m": 100 << 20, "64k": 64 << 10, "2g": 2 << 30, "512": 512, "100MB": 100 << 20} {
		got, err := parseBytes(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "0", "m", "1.5g", "-1m", "100x", "99999999999g", "1mg"} {
		_, err := parseBytes(text)
		require.Error(t, err, text)
	}
}
