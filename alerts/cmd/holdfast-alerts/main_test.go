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
