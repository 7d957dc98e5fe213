package manifest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest"
)

// asService makes the test's program the service under test.
const asService = "HOLDFAST_TEST_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(asService) != "" {
		fmt.Fprintln(os.Stderr, services()[os.Getenv(asService)]())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// services are those that it may be.
func services() map[string]func() error {
	return map[string]func() error{"1": serve, "shop": serveShop, "paid": servePaid, "payer": servePayer}
}

// serve is a service of one endpoint and one outside API. CHECKED says whether it
// looks at what the API answers; SIZE and COLOUR are told to whoever asks.
func serve() error {
	http.HandleFunc("/price", func(w http.ResponseWriter, _ *http.Request) {
		var rate struct{ Rate float64 }
		answer, err := http.Get(os.Getenv("RATES_URL") + "/rates/eur")
		if err == nil {
			defer answer.Body.Close()
			err = json.NewDecoder(answer.Body).Decode(&rate)
		}
		if os.Getenv("CHECKED") == "1" && (err != nil || answer.StatusCode != http.StatusOK) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"price":%v,"size":%q,"colour":%q}`, 10*rate.Rate, os.Getenv("SIZE"), os.Getenv("COLOUR"))
	})
	return http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)
}

// shelf is a service with one protection, by counts alone: a busy machine changes
// none of them.
const shelf = `
version: 1
name: shelf
processes:
  web:
    command: [%q]
    env: { %s: "1", PORT: "{port}", CHECKED: "1", SIZE: "{parameters.size}", COLOUR: red }
parameters: { size: small }
dependencies:
  rates:
    http: { routes: { rate: { request: { path: "/rates/{currency}" }, key: "{currency}", response: { json: { rate: 2, currency: "{currency}" } } } } }
    export: { RATES_URL: "{url}" }
protections:
  rates.checked: { about: "an answer that is an error is none", without: { env: { web: { CHECKED: "0" } } } }
scenarios:
  - name: price/refused-rates
    claim: Without a rate there is no price, and never one of nothing.
    protections: [rates.checked]
    timeline: { baseline: 500ms, inject: 500ms }
    parameters: { size: large }
    env: { web: { COLOUR: blue } }
    load:
      - name: price
        rate: 40/s
        request: { path: /price }
        ok: { status: 200, json: { price: 20, size: large, colour: blue } }
        refused: { status: 503, headers: { Retry-After: present } }
    faults: [{ at: rates.rate, fault: status 500 }]
    checks:
      - price.failed == 0 guarding rates.checked
      - price.ok_ratio in baseline == 100%%
      - rates.rate.calls >= 1
`

// put writes the file of the shelf, and returns where it is.
func put(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), manifest.FileName)
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, shelf, self, asService), 0o600))
	return path
}

// A file alone makes a service run: it passes with its protection, and without it
// fails for that reason. What a busy machine made inconclusive is tried again.
func TestAServiceIsProved(t *testing.T) {
	s, err := manifest.Load(put(t), manifest.Options{})
	require.NoError(t, err)
	config := harness.Config{Seed: 1, Target: s.Launch, UndoDir: t.TempDir()}
	var run *result.Run
	for range 4 {
		run, err = harness.Prove(t.Context(), config, harness.Proof{Scenarios: s.Scenarios, Protections: s.Protections})
		require.NoError(t, err)
		if run.Verdict != result.Inconclusive {
			break
		}
	}
	require.Equal(t, result.Pass, run.Scenarios[0].Verdict, "%s %s", run.Scenarios[0].Reason, run.Scenarios[0].Error)
	require.Equal(t, result.Pass, run.Verdict, "%+v", run.Detections)
	require.Contains(t, run.Detections[1].Reason, "json.price is 0, it should be 20")
}
