package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ran is what a command line came to.
func ran(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	code = run(t.Context(), args, &out, &problems)
	return code, out.String(), problems.String()
}

const (
	teamRules = "../../testdata/team/rules.yml"
	teamPage  = "../../testdata/team/page.txt"
	reference = "../../../deploy/alerts/matrix.yaml"
	kept      = "../../testdata/faults"
)

func TestBadInputIsOneLineAndUsage(t *testing.T) {
	for name, row := range map[string]struct {
		args []string
		says string
	}{
		"no rules":              {[]string{"lint"}, "accepts 1 arg"},
		"a file that is not":    {[]string{"lint", "none.yml", "--scrape", teamPage}, "none.yml"},
		"no page":               {[]string{"lint", teamRules}, "--scrape is missing"},
		"a page that is not":    {[]string{"lint", teamRules, "--scrape", "none.txt"}, "none.txt"},
		"nobody there":          {[]string{"lint", teamRules, "--scrape", "http://127.0.0.1:1/metrics"}, "refused"},
		"a label without name":  {[]string{"lint", teamRules, "--scrape", teamPage, "--label", "=x"}, "NAME=VALUE"},
		"a page for rules":      {[]string{"lint", teamPage, "--scrape", teamPage}, "page.txt"},
		"a bad clock":           {[]string{"replay", teamRules, kept + "/scrapes/alerts.program-stuck.jsonl.gz", "--factor", "0"}, "factor"},
		"no recording":          {[]string{"replay", teamRules, teamPage}, "read recorded scrapes"},
		"no results":            {[]string{"matrix", reference, t.TempDir()}, "the results of holdfast run"},
		"no plan":               {[]string{"matrix", "none.yaml", kept}, "none.yaml"},
		"a command that is not": {[]string{"lintt"}, "lintt"},
	} {
		code, _, stderr := ran(t, row.args...)
		require.Equal(t, exitUsage, code, name)
		require.Contains(t, stderr, row.says, name)
		require.Contains(t, stderr, "holdfast alerts: ", name)
	}
}

func TestLintNamesWhatCanNeverFire(t *testing.T) {
	server := httptest.NewServer(http.FileServer(http.Dir("../../testdata/team")))
	defer server.Close()
	code, stdout, stderr := ran(t, "lint", teamRules, "--scrape", server.URL+"/page.txt", "--label", "severity=critical,warning")
	require.Equal(t, 1, code, stderr)
	require.Contains(t, stdout, teamRules+":36: error: CheckoutBatchErrorBudgetBurn: it can never fire")
	require.Contains(t, stdout, "CheckoutDatabaseSlow: it names db_query_seconds_bucket, which the service does not tell")
}

// What is wrong with an address is said without its password.
func TestAPageThatIsNotThereIsSaidWithoutItsPassword(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for _, address := range []string{strings.Replace(server.URL, "//", "//me:hidden@", 1) + "/metrics", "http://me:hidden@127.0.0.1:1/", "http://me:hidden@[/"} {
		code, stdout, stderr := ran(t, "lint", teamRules, "--scrape", address)
		require.Equal(t, exitUsage, code)
		require.NotContains(t, stdout+stderr, "hidden", address)
		require.NotContains(t, stderr, "%!", address)
	}
	_, _, stderr := ran(t, "lint", teamRules, "--scrape", server.URL)
	require.Contains(t, stderr, server.URL+": it answered 404 Not Found")
}

func TestTheMatrixIsWrittenAsARun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "alerts")
	code, stdout, stderr := ran(t, "matrix", reference, kept, "--out", out)
	require.Equal(t, 0, code, stdout+stderr)
	require.Contains(t, stdout, "PASS  alerts/calm")
	for _, name := range []string{"run.json", "report.html", "junit.xml", "summary.md"} {
		info, err := os.Stat(filepath.Join(out, name))
		require.NoError(t, err)
		require.NotZero(t, info.Size())
	}
}

func TestOneRecordingIsReplayed(t *testing.T) {
	code, stdout, stderr := ran(t, "replay", "../../../deploy/alerts/rules.yaml", kept+"/scrapes/alerts.program-stuck.jsonl.gz", "--factor", "120")
	require.Equal(t, 0, code, stderr)
	require.Regexp(t, `TargetDown: inactive → pending at \w+ → firing at \w+ → resolved at \w+`, stdout)
	require.Contains(t, stdout, "TaskRetryStorm: inactive\n")
}

// What is kept of what was kept is the same again.
func TestWhatIsKeptIsEnoughForTheMatrix(t *testing.T) {
	folder := t.TempDir()
	code, stdout, stderr := ran(t, "keep", reference, kept, folder)
	require.Equal(t, 0, code, stdout+stderr)
	want, err := filepath.Glob(kept + "/scrapes/*")
	require.NoError(t, err)
	got, err := filepath.Glob(folder + "/scrapes/*")
	require.NoError(t, err)
	require.Len(t, got, len(want))
}

func TestHelpShowsAllCommands(t *testing.T) {
	code, stdout, _ := ran(t)
	require.Equal(t, 0, code)
	for _, name := range []string{"lint", "replay", "matrix", "mutants", "keep", "promtool"} {
		require.Contains(t, stdout, name)
	}
}

// Rules and results are somebody's files: what they name is shown, and steers neither a
// terminal nor a CI job.
func TestNothingOfAFileSteersTheTerminal(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(rules, []byte(`groups:
  - name: g
    rules:
      - alert: "x\e]0;owned\a\e[31m\n::error file=a::b\r\u202e"
        expr: no_such_metric > 1
`), 0o600))
	recording := kept + "/scrapes/alerts.program-stuck.jsonl.gz"
	for name, args := range map[string][]string{
		"what lint found": {"lint", rules, "--scrape", recording},
		"a replay":        {"replay", rules, recording},
		"an error":        {"lint", "none\x1b[31m\n::error ::b.yml", "--scrape", teamPage},
		"a command":       {"lint\x1b[31m\n::error ::b"},
	} {
		_, stdout, stderr := ran(t, args...)
		require.NotContains(t, stdout+stderr, "\x1b", name)
		for line := range strings.Lines(stdout + stderr) {
			require.False(t, strings.ContainsAny(line, "\a\r\u202e") || strings.HasPrefix(line, "::"), "%s: %q", name, line)
		}
		require.Regexp(t, `\\(u00|x)1b\[31m`, stdout+stderr, name)
	}
}
