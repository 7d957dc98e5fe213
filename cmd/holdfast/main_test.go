package main

import (
	"bytes"
	"context"
	"net"
	"os"
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

// Bad input gets one clear line that names the fix, the right exit code, and
// nothing else: no stack trace, no secret.
func TestBadInput(t *testing.T) {
	out := t.TempDir()
	truncated := filepath.Join(out, "truncated.json")
	require.NoError(t, os.WriteFile(truncated, []byte(`{"schema":"holdfast.run/2","id":`), 0o600))
	foreign := filepath.Join(out, "foreign.json")
	require.NoError(t, os.WriteFile(foreign, []byte(`{"schema":"k6/2"}`), 0o600))
	file := filepath.Join(out, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))

	for _, row := range []struct {
		name string
		env  map[string]string
		args []string
		code int
		says []string
	}{
		{"no scenario", nil, []string{"run"}, exitUsage, []string{"which scenarios?", "holdfast list"}},
		{"unknown scenario, nearly", nil, []string{"run", "search/populer-term"}, exitUsage, []string{"did you mean search/popular-term?"}},
		{"unknown scenario, not at all", nil, []string{"run", "zebra"}, exitUsage, []string{"unknown scenario zebra", "holdfast list"}},
		{"unknown protection", nil, []string{"run", "search", "--without", "search.sqllimit"}, exitUsage, []string{"did you mean search.sql-limit?"}},
		{"several things wrong at once", nil, []string{"run", "zebra", "--without", "nope", "--target", "vm"}, exitUsage, []string{"zebra", "nope", "vm"}},
		{"unknown profile", nil, []string{"run", "search", "--profile", "huge"}, exitUsage, []string{"unknown profile", "smoke"}},
		{"unknown database", nil, []string{"run", "search", "--database", "oracle"}, exitUsage, []string{"unknown --database oracle", "embedded"}},
		{"memory that is no size", nil, []string{"run", "search", "--memory", "lots"}, exitUsage, []string{"--memory lots", "100m"}},
		{"requests that can't be kept", nil, []string{"run", "search/any-question", "--results", filepath.Join(file, "x"), "--out", out}, exitUsage, []string{"--results", file}},
		{"a live report for everybody", nil, []string{"run", "search/any-question", "--serve", "0.0.0.0:0", "--out", out}, exitUsage, []string{"--serve", "127.0.0.1:PORT"}},
		{"unknown verdict", nil, []string{"run", "search", "--fail-on", "pass"}, exitUsage, []string{"--fail-on"}},
		{"unknown flag", nil, []string{"run", "search", "--fast"}, exitUsage, []string{"--fast"}},
		{"unknown command", nil, []string{"walk"}, exitUsage, []string{"walk"}},
		{"a DSN that is none", map[string]string{"HOLDFAST_DATABASE_URL": "postgres://u:geheim@[::bad"},
			[]string{"run", "search/any-question", "--profile", "smoke", "--out", out}, exitUsage, []string{"HOLDFAST_DATABASE_URL"}},
		{"a DSN that leads nowhere", map[string]string{"HOLDFAST_DATABASE_URL": "postgres://u:geheim@127.0.0.1:1/x"},
			[]string{"run", "search/any-question", "--profile", "smoke", "--out", out}, exitUsage, []string{"127.0.0.1:1"}},
		{"no way to a database", nil, []string{"run", "search/any-question", "--profile", "smoke", "--database", "dsn", "--out", out}, exitEnvironment, []string{"HOLDFAST_DATABASE_URL"}},
		{"a directory that can't be written", nil, []string{"run", "search/any-question", "--profile", "smoke", "--out", filepath.Join(file, "x")}, exitUsage, []string{"--out", file}},
		{"a part that does not exist", nil, []string{"prove", "--part", "3/2"}, exitUsage, []string{"--part", "1 to n"}},
		{"fewer than one at a time", nil, []string{"prove", "--side-by-side", "-1"}, exitUsage, []string{"--side-by-side", "at least one"}},
		{"a protection that is none", nil, []string{"prove", "search.sql-limits"}, exitUsage, []string{"search.sql-limit"}},
		{"invented mutants that are neither", nil, []string{"mutate", "--invented", "some"}, exitUsage, []string{"--invented some", "all or none"}},
		{"mutants of a package that is none", nil, []string{"mutate", "--service", "searches"}, exitUsage, []string{"--service searches", "./reference/search"}},
		{"mutants without their source", nil, []string{"mutate", "--source", file}, exitUsage, []string{"--source", file}},
		{"a mutant that is none", nil, []string{"mutate", "--source", "../..", "--mutant", "search.find"}, exitUsage, []string{`no mutant "search.find"`}},
		{"a mutation that goes on with none", nil, []string{"mutate", "--resume", "--out", out}, exitUsage, []string{"--resume", "run.json"}},
		{"a report of no file", nil, []string{"report", filepath.Join(out, "none.json")}, exitUsage, []string{"none.json"}},
		{"a report of half a file", nil, []string{"report", truncated}, exitUsage, []string{"truncated.json", "cut off before anything was written"}},
		{"a report of something else", nil, []string{"report", foreign}, exitUsage, []string{"unknown schema", "k6/2"}},
		{"a fault that is none", nil, []string{"fake", "oracle", "--fault", "explode"}, exitUsage, []string{"--fault", "explode"}},
		{"an address that is none", nil, []string{"fake", "email", "--listen", "here"}, exitUsage, []string{"here", "HOST:PORT"}},
		{"two ways to say where", nil, []string{"fake", "email", "--listen", "127.0.0.1:0", "--port", "1"}, exitUsage, []string{"port", "listen"}},
		{"a fake of nothing", nil, []string{"fake", "sms"}, exitUsage, []string{"sms"}},
		{"the reference without a database", nil, []string{"serve"}, exitUsage, []string{"DATABASE_URL"}},
		{"the reference with a bad value", map[string]string{"DATABASE_URL": "postgres://u:geheim@127.0.0.1:1/x", "MAX_SEARCH_RESULTS": "many"},
			[]string{"serve"}, exitUsage, []string{"MAX_SEARCH_RESULTS"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, _, stderr := holdfast(t, row.env, row.args...)
			require.Equal(t, row.code, code, stderr)
			for _, text := range row.says {
				require.Contains(t, stderr, text)
			}
			require.NotContains(t, stderr, "geheim", "a password was printed")
			require.NotContains(t, stderr, "goroutine", "a stack trace was printed")
		})
	}
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
	f := proveFlags{runFlags: everything(), full: true, part: "2/4", sideBySide: 3}
	f.profile, f.database, f.seed = "smoke", "local", 7
	p, err := newProofPlan(env, f, []string{"oracle"})
	require.NoError(t, err)
	require.Equal(t, "holdfast prove oracle --profile smoke --seed 7 --side-by-side 3 --part 2/4 --database local --full", p.config.Repeat(""))
	require.Equal(t, "holdfast run oracle/one-hangs --profile smoke --seed 7 --database local", p.config.Repeat("oracle/one-hangs"))
	require.Equal(t, 3, p.proof.SideBySide)
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
