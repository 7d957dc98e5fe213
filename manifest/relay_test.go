package manifest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest"
)

// relayed is the service that asks for rates, CHECKED or not, with what stands below http
// of them, and where a fault is laid.
const relayed = `
version: 1
name: shelf
processes:
  web: { command: [%q], env: { %s: "1", PORT: "{port}", CHECKED: %q } }
dependencies:
  rates:
    http:
%s
    export: { RATES_URL: "{url}" }
scenarios:
  - name: price/refused-rates
    claim: Without a rate there is no price, and never one of nothing.
    timeline: { baseline: 400ms, inject: 400ms }
    load: [ { name: price, rate: 20/s, request: { path: /price }, ok: { status: 200, json: { price: 20 } }, refused: { status: 503, headers: { Retry-After: present } } } ]
    faults: [ { at: %s, fault: status 500 } ]
    checks: [ price.failed == 0, price.ok_ratio in baseline == 100%%, price.refused >= 1, rates.calls >= 8 ]
`

// upstreamOfRates is the API that somebody else runs, and how often it was asked.
func upstreamOfRates(t *testing.T) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path != "/rates/eur" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "session=of-the-upstream")
		fmt.Fprint(w, `{"rate":2,"currency":"eur","api_key":"sk_live_of_the_upstream"}`)
	}))
	t.Cleanup(u.Close)
	return u, &asked
}

// relayedService writes the service into a folder, and reads it.
func relayedService(t *testing.T, dir, checked, http, at string) *manifest.Service {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(dir, manifest.FileName)
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, relayed, self, asService, checked, indented(http), at), 0o600))
	s, err := manifest.Load(path, manifest.Options{})
	require.NoError(t, err)
	return s
}

// indented is a text as it stands below http.
func indented(text string) string {
	return "      " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      ")
}

// runRelayed runs the only scenario of a service, with the hosts of this machine named to it
// that it has, until it is judged as wanted: what a busy machine made of it is tried again.
func runRelayed(t *testing.T, s *manifest.Service, want result.Verdict) result.Scenario {
	t.Helper()
	if len(s.Hosts()) > 0 {
		s.Launch.AllowHosts, s.Launch.AllowLoad = []string{"127.0.0.1"}, true
	}
	var out result.Scenario
	for range 8 {
		run, err := harness.Run(t.Context(), harness.Config{
			Seed: 1, Target: s.Launch, UndoDir: t.TempDir(), Ceiling: load.Ceiling{PerSecond: 1000}, // it is not what is tried here
		}, s.Scenarios)
		require.NoError(t, err)
		if out = run.Scenarios[0]; out.Verdict == want {
			break
		}
	}
	require.Equal(t, want, out.Verdict, "%s %s", out.Reason, out.Error)
	return out
}

// A real API is called where it is named, with faults laid over it; what it does not answer
// is nobody's failure, and what it answered is played without it from then on.
func TestARealAPIIsRelayedInARun(t *testing.T) {
	u, asked := upstreamOfRates(t)
	relay := fmt.Sprintf("relay: { to: %s, record: recorded.yaml }", u.URL)
	dir := t.TempDir()
	recorded := filepath.Join(dir, "recorded.yaml")

	s := relayedService(t, dir, "1", relay, "rates.relayed")
	require.Equal(t, []string{strings.TrimPrefix(u.URL, "http://")}, s.Hosts())
	_, err := harness.Run(t.Context(), harness.Config{Seed: 1, Target: s.Launch, UndoDir: t.TempDir()}, s.Scenarios)
	require.ErrorContains(t, err, "the dependency rates is "+strings.TrimPrefix(u.URL, "http://")+", a service that somebody else runs: to call it, name its host with --allow-host 127.0.0.1")
	require.Zero(t, asked.Load(), "nobody has named it")
	require.NoFileExists(t, recorded)

	out := runRelayed(t, s, result.Pass)
	require.Positive(t, asked.Load())
	require.GreaterOrEqual(t, out.Calls["rates.relayed"], int64(8))
	unchecked := relayedService(t, dir, "0", relay, "rates.relayed")
	require.Contains(t, runRelayed(t, unchecked, result.Fail).Reason, "price.failed")

	text, err := os.ReadFile(recorded)
	require.NoError(t, err)
	require.Contains(t, string(text), "# taken out: secret of GET /rates/eur json.api_key\n")
	require.NotContains(t, string(text), "of_the_upstream")
	require.NotContains(t, string(text), "of-the-upstream")

	u.Close()
	out = runRelayed(t, relayedService(t, t.TempDir(), "1", relay, "rates.relayed"), result.Inconclusive)
	at := slices.IndexFunc(out.Evidence, func(c result.Check) bool { return c.Name == "passed on: rates" })
	require.GreaterOrEqual(t, at, 0, "%s", out.Reason) // which on a busy machine may be another
	require.Equal(t, result.Inconclusive, out.Evidence[at].Verdict)
	require.Contains(t, out.Evidence[at].Reason, "not all that rates passes on was answered by whom it is passed on to: "+strings.TrimPrefix(u.URL, "http://"))

	played := relayedService(t, t.TempDir(), "1", string(text), "rates")
	require.Empty(t, played.Hosts())
	runRelayed(t, played, result.Pass)
}
