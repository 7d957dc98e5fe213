package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest"
)

// prices is the smallest file that is worth having.
const prices = "../../manifest/testdata/good/smallest.yaml"

// inFolder puts a file of a service into a folder of its own, changed.
func inFolder(t *testing.T, old, changed string) string {
	t.Helper()
	text, err := os.ReadFile(prices)
	require.NoError(t, err)
	dir := t.TempDir()
	require.Contains(t, string(text), old)
	require.NoError(t, os.WriteFile(filepath.Join(dir, manifest.FileName), []byte(strings.Replace(string(text), old, changed, 1)), 0o600))
	return dir
}

func TestAGoodFileIsValid(t *testing.T) {
	code, stdout, stderr := holdfast(t, nil, "validate", prices)
	require.Equal(t, exitPass, code, stderr)
	require.Contains(t, stdout, "1 scenario, 1 protection, 1 process, 1 dependency")
	code, _, stderr = holdfast(t, nil, "validate", inFolder(t, "version: 1", "version: 1"))
	require.Equal(t, exitPass, code, stderr, "a folder stands for its file")
}

// Whatever is done with a bad file, its problems are told, each line with its place
// and nothing before it, and nothing is started.
func TestABadFileIsRefusedByEveryCommand(t *testing.T) {
	dir := inFolder(t, "ready: { http", "redy: { http")
	file := filepath.Join(dir, manifest.FileName)
	for _, args := range [][]string{
		{"validate", dir}, {"plan", dir}, {"list", "--service", dir}, {"run", "--service", dir, "--all"}, {"prove", "--service", dir}, {"show", "--service", file, "price/slow-rates"},
	} {
		begun := time.Now()
		code, stdout, stderr := holdfast(t, nil, args...)
		require.Equal(t, exitUsage, code, args)
		require.Equal(t, file+`:4:63: unknown key "redy" in processes.web, did you mean ready?`+"\n", stderr, args)
		require.Empty(t, stdout, args)
		require.Less(t, time.Since(begun), 20*time.Second, args)
	}
}

func TestAFileIsNamedByWhoIsWrong(t *testing.T) {
	for _, row := range []struct {
		args []string
		says string
	}{
		{[]string{"validate", "nowhere.yaml"}, "there is no nowhere.yaml"},
		{[]string{"validate", t.TempDir()}, manifest.FileName},
		{[]string{"run", "--service", prices, "--all", "--profile", "smoke"}, "has no profile \"smoke\""},
		{[]string{"run", "--service", prices, "--all", "--target", "container"}, "--target is for the reference"},
		{[]string{"run", "--service", prices, "--all", "--memory", "1g"}, "--memory is for the reference"},
		{[]string{"run", "--service", prices}, "holdfast list --service"},
		{[]string{"run", "--service", prices, "price/slow-rate"}, "did you mean price/slow-rates?"},
		{[]string{"run", "--service", prices, "--all", "--without", "rate.timeout"}, "did you mean rates.timeout?"},
		{[]string{"prove", "--service", prices, "rates.timeouts"}, "did you mean rates.timeout?"},
		{[]string{"gains", "--service", prices}, "docs/catalogue.md"},
		{[]string{"schema"}, "arg"},
		{[]string{"schema", "services"}, "services"},
		{[]string{"show"}, "arg"},
		{[]string{"show", "search/overlod"}, "did you mean search/overload?"},
	} {
		code, _, stderr := holdfast(t, nil, row.args...)
		require.Equal(t, exitUsage, code, row.args)
		require.Contains(t, stderr, row.says, row.args)
	}
}

func TestTheSchemaOfAServiceIsPrinted(t *testing.T) {
	code, stdout, stderr := holdfast(t, nil, "schema", "service")
	require.Equal(t, exitPass, code, stderr)
	var schema struct {
		ID string `json:"$id"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &schema))
	require.Equal(t, manifest.SchemaID, schema.ID)
}

func TestAPlanSaysWhatWouldBeDone(t *testing.T) {
	dir := inFolder(t, "version: 1", "version: 1")
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("COLOUR=geheim\n"), 0o600))
	code, stdout, stderr := holdfast(t, nil, "plan", dir)
	require.Equal(t, exitPass, code, stderr)
	for _, text := range []string{
		"python3 app.py", "RATES_URL", "540 requests of price to web", "breaks rates: delay 3s, in inject",
		"price.latency.p99 in inject", "nothing but this machine", "COLOUR", "load for 9s in all", "gRPC",
	} {
		require.Contains(t, stdout, text)
	}
	require.NotContains(t, stdout, "geheim", "a value of .env was printed")
}

// What is shown of a scenario of a file is what stands there.
func TestAScenarioIsShownAsItStands(t *testing.T) {
	code, stdout, stderr := holdfast(t, nil, "show", "--service", prices, "price/slow-rates")
	require.Equal(t, exitPass, code, stderr)
	for _, text := range []string{"rate: 60/s", "path: /price", "status: 503", "fault: delay 3s", "price.latency.p99 in inject <= 900ms guarding rates.timeout", "warm_up: 1s"} {
		require.Contains(t, stdout, text)
	}
	code, stdout, stderr = holdfast(t, nil, "show", "search/overload")
	require.Equal(t, exitPass, code, stderr)
	for _, text := range []string{"# search.request: a function in Go makes each request", "inject: 400/s", "at: db", "delay 50ms", "because \"it recovers\""} {
		require.Contains(t, stdout, text)
	}
}

func TestListShowsWhatAServiceClaims(t *testing.T) {
	code, stdout, stderr := holdfast(t, nil, "list", "--service", prices)
	require.Equal(t, exitPass, code, stderr)
	require.Contains(t, stdout, "price/slow-rates")
	require.Contains(t, stdout, "a rate is given up after half a second")
	require.NotContains(t, stdout, "search/")

	code, stdout, stderr = holdfast(t, nil, "list", "--json", "--service", prices)
	require.Equal(t, exitPass, code, stderr)
	var all struct {
		Scenarios []struct {
			Notation struct {
				Faults []map[string]string
				Checks []string
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &all))
	require.Equal(t, "delay 3s", all.Scenarios[0].Notation.Faults[0]["fault"])
	require.Equal(t, []string{"price.latency.p99 in inject <= 900ms guarding rates.timeout"}, all.Scenarios[0].Notation.Checks)
}
