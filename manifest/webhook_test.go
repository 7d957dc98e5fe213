package manifest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest"
)

// serveShop is a shop that is paid by an outside API and hears of it by a webhook; for
// each payment it has a parcel sent. ONCE says whether it remembers which events it
// had, VERIFIES whether it looks at their signature.
func serveShop() error {
	var mu sync.Mutex
	had := map[string]bool{}
	http.HandleFunc("/orders", func(w http.ResponseWriter, r *http.Request) {
		answer, err := http.Post(os.Getenv("PAYMENTS_URL")+"/charges", "application/json", r.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answer.Body.Close()
		w.WriteHeader(http.StatusAccepted)
	})
	http.HandleFunc("/hooks", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(os.Getenv("SECRET")))
		mac.Write(body)
		var event struct{ ID, Order string }
		if os.Getenv("VERIFIES") == "1" && r.Header.Get("X-Hub-Signature-256") != "sha256="+hex.EncodeToString(mac.Sum(nil)) || json.Unmarshal(body, &event) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mu.Lock()
		again := had[event.ID]
		had[event.ID] = true
		mu.Unlock()
		if again && os.Getenv("ONCE") == "1" {
			return
		}
		answer, err := http.Post(os.Getenv("PARCELS_URL")+"/parcels", "application/json", strings.NewReader(fmt.Sprintf(`{"order":%q}`, event.Order)))
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		answer.Body.Close()
	})
	return http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)
}

// hooked is that shop. What came of its webhooks is counted at the far side, where the
// parcels are sent.
const hooked = `
version: 1
name: hooked
processes:
  web:
    command: [%q]
    env: { %s: shop, PORT: "{port}", ONCE: "1", VERIFIES: "1", SECRET: "{secrets.hooks}" }
secrets: { hooks: { generate: 32 } }
dependencies:
  payments:
    http:
      routes:
        charge:
          request: { method: POST, path: /charges }
          key: "{json.order}"
          response: { json: { id: "ch_{id}" } }
          webhook: { path: /hooks, delay: 20ms, json: { id: "evt_{id}", order: "{key}" }, sign: { github: "{secrets.hooks}" } }
    export: { PAYMENTS_URL: "{url}" }
  parcels:
    http: { routes: { send: { request: { method: POST, path: /parcels }, key: "{json.order}" } } }
    export: { PARCELS_URL: "{url}" }
protections:
  hooks.once: { about: "an event that it had is not handled again", without: { env: { web: { ONCE: "0" } } } }
  hooks.verified: { about: "an event with a wrong signature is refused", without: { env: { web: { VERIFIES: "0" } } } }
scenarios:
  - name: hooks/twice
    claim: An event that comes twice is handled once.
    protections: [hooks.once]
    timeline: { baseline: 300ms, inject: 500ms, heal: 300ms }
    load: [{ name: order, rate: 40/s, vary: { order: { unique: uuid } }, request: { method: POST, path: /orders, json: { order: "{order}" } }, ok: { status: 202 } }]
    faults: [{ at: payments.charge.webhook, fault: twice }]
    checks:
      - parcels.send.attempts.max <= 1 guarding hooks.once
      - payments.charge.webhook.delivered >= 1
      - payments.charge.webhook.failed == 0
  - name: hooks/forged
    claim: A forged event is refused and changes nothing.
    protections: [hooks.verified]
    timeline: { baseline: 300ms, inject: 500ms, heal: 300ms }
    load: [{ name: order, rate: 40/s, vary: { order: { unique: uuid } }, request: { method: POST, path: /orders, json: { order: "{order}" } }, ok: { status: 202 } }]
    faults: [{ at: payments.charge.webhook, fault: wrong-signature }]
    checks:
      - payments.charge.webhook.forged_accepted == 0 guarding hooks.verified
`

// A service that handles an event twice when it comes twice is found by name, and one
// that takes a forged one; one that does neither passes. What a busy machine made
// inconclusive is tried again.
func TestWebhooksThatComeTwiceOrForgedAreProved(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), manifest.FileName)
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, hooked, self, asService), 0o600))
	s, err := manifest.Load(path, manifest.Options{})
	require.NoError(t, err)
	var plan strings.Builder
	_, err = s.Plan(s.Scenarios...).WriteTo(&plan)
	require.NoError(t, err)
	require.Contains(t, plan.String(), "charge (calls back web/hooks)")
	config := harness.Config{Seed: 1, Target: s.Launch, UndoDir: t.TempDir()}
	var run *result.Run
	for range 4 {
		run, err = harness.Prove(t.Context(), config, harness.Proof{Scenarios: s.Scenarios, Protections: s.Protections})
		require.NoError(t, err)
		if run.Verdict != result.Inconclusive {
			break
		}
	}
	for _, sc := range run.Scenarios {
		require.Equal(t, result.Pass, sc.Verdict, "%s: %s %s", sc.Name, sc.Reason, sc.Error)
	}
	require.Equal(t, result.Pass, run.Verdict, "%+v", run.Detections)
	reasons := ""
	for _, d := range run.Detections {
		reasons += d.Reason + "\n"
	}
	require.Contains(t, reasons, "parcels.send.attempts.max")
	require.Contains(t, reasons, "payments.charge.webhook.forged_accepted")
}
