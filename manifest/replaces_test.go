package manifest_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/manifest"
)

// servePaid is a service in whose code its payment provider's host is a constant. TRUST
// is own where it brings a trust store of its own, and pinned where it trusts as others do,
// and takes one certificate alone; PROXY is ignored where it goes past any proxy. ALSO is a
// further host that it calls, or that it calls its own at its start.
func servePaid() error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	switch os.Getenv("TRUST") {
	case "own":
		transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	case "pinned":
		transport.TLSClientConfig = &tls.Config{VerifyPeerCertificate: pinned}
	}
	if os.Getenv("PROXY") == "ignored" {
		transport.Proxy = nil
	}
	client := &http.Client{Transport: transport}
	if os.Getenv("ALSO") == "at its start" {
		if _, err := client.Get("https://api.payments.example/v1/account"); err != nil {
			return err
		}
		os.Unsetenv("ALSO")
	}
	http.HandleFunc("/orders", func(w http.ResponseWriter, _ *http.Request) {
		if also := os.Getenv("ALSO"); also != "" {
			if answer, err := client.Get(also); err == nil {
				answer.Body.Close()
			}
		}
		answer, err := client.Post("https://api.payments.example/v1/charges", "application/json", strings.NewReader("{}"))
		if err != nil {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answer.Body.Close()
		w.WriteHeader(answer.StatusCode)
	})
	return http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil)
}

// pinned takes the certificate of production and no other, whoever vouches for it.
func pinned(shown [][]byte, _ [][]*x509.Certificate) error {
	if got := sha256.Sum256(shown[0]); hex.EncodeToString(got[:]) != "5f1d7a84db3f4a3f2b0b7a3a2c4de5b1a0d9c8e7f6a5b4c3d2e1f00112233445" {
		return fmt.Errorf("the certificate %x is not the pinned one", got)
	}
	return nil
}

const paid = `
version: 1
name: paid
processes:
  web: { command: [%q], env: { %s: paid, PORT: "{port}", TRUST: %q, PROXY: %q, ALSO: %q } }
dependencies:
  payments:
    http: { routes: { charge: { request: { method: POST, path: /v1/charges }, response: { status: 201 } } } }
    replaces: https://api.payments.example
scenarios:
  - name: orders/payments-reset
    claim: A payment whose connection is reset is refused in order.
    timeline: { baseline: 600ms, inject: 300ms }
    load: [ { name: order, rate: 30/s, request: { method: POST, path: /orders }, ok: { status: 201 }, refused: { status: 503 } } ]
    faults: [ { at: payments.charge, fault: reset, during: inject } ]
    checks: [ order.ok_ratio in baseline == 100%%, order.refused >= 1, order.failed == 0, payments.charge.calls >= 10 ]
`

func TestAConstantHostIsPlayed(t *testing.T) {
	if err := egress.Possible(); err != nil {
		t.Skip(err)
	}
	for name, row := range map[string]struct {
		trust, proxy, also string
		want               result.Verdict
		reason             string
	}{
		"by whoever heeds the proxy":     {want: result.Pass},
		"by whoever goes past the proxy": {proxy: "ignored", want: result.Pass},
		"not for a trust store of its own": {
			trust: "own", want: result.NotExercised,
			reason: "web: TLS alert: bad certificate: it does not trust the certificate of this run for https://api.payments.example",
		},
		"nor for a pinned certificate": {
			trust: "pinned", want: result.NotExercised,
			reason: "web: TLS alert: bad certificate: it does not trust the certificate of this run for https://api.payments.example",
		},
		"nor for one that goes past the proxy": {
			trust: "pinned", proxy: "ignored", want: result.NotExercised,
			reason: "it does not trust the certificate of this run",
		},
		"nor for one that ends by that at its start": {
			trust: "own", also: "at its start", want: result.NotExercised,
			reason: "it does not trust the certificate of this run",
		},
		"and no other is reached": {
			also: "https://api.other.example/", want: result.Fail,
			reason: "web (pid ",
		},
		"also not past the proxy": {
			also: "https://api.other.example/", proxy: "ignored", want: result.Fail,
			reason: "asks for the host api.other.example, which nobody named",
		},
		"nor without TLS": {
			also: "http://api.payments.example/", want: result.Fail,
			reason: "calls api.payments.example (tcp api.payments.example:80), which nobody named",
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := runPaid(t, row.want, row.trust, row.proxy, row.also)
			require.Equal(t, row.want, out.Verdict, out.Reason)
			require.Contains(t, out.Reason, row.reason)
			if row.want == result.Fail {
				require.Contains(t, out.Reason, "which nobody named")
			}
			if row.also == "" {
				requireNobodyElse(t, out)
			}
			if row.trust != "" {
				require.Zero(t, out.Calls["payments"], "nothing was asked of who plays it")
			}
			require.NoFileExists(t, out.Settings["SSL_CERT_FILE"], "it is gone with the run")
		})
	}
}

// requireNobodyElse holds a scenario to that its target has called its dependencies and
// nobody else.
func requireNobodyElse(t *testing.T, sc result.Scenario) {
	t.Helper()
	at := slices.IndexFunc(sc.Checks, func(c result.Check) bool { return c.Metric == "standing.nowhere" })
	require.GreaterOrEqual(t, at, 0)
	require.Equal(t, result.Pass, sc.Checks[at].Verdict, sc.Checks[at].Reason)
}

// runPaid runs the only scenario of the service that is paid; what a busy machine made
// of it is tried again.
func runPaid(t *testing.T, want result.Verdict, trust, proxy, also string) result.Scenario {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), manifest.FileName)
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, paid, self, asService, trust, proxy, also), 0o600))
	s, err := manifest.Load(path, manifest.Options{})
	require.NoError(t, err)
	var out result.Scenario
	for range 8 {
		got, err := harness.Run(t.Context(), harness.Config{
			Seed: 1, Target: s.Launch, UndoDir: t.TempDir(), Ceiling: load.Ceiling{PerSecond: 1000}, // it is not what is tried here
		}, s.Scenarios)
		require.NoError(t, err)
		if out = got.Scenarios[0]; out.Verdict == want {
			break
		}
	}
	return out
}

// cagedVariable makes this test binary run one test behind a gate of its own, so that no
// further one can be closed there: as on a machine whose kernel cannot.
const cagedVariable = "HOLDFAST_TEST_CAGED"

func TestWhereCallsCannotBeLedTheProxyLeadsThem(t *testing.T) {
	if os.Getenv(cagedVariable) != "" {
		require.Error(t, egress.Possible(), "this is what the test is about")
		out := runPaid(t, result.Pass, "", "", "")
		require.Equal(t, result.Pass, out.Verdict, out.Reason)
		require.NotContains(t, out.Settings["NO_PROXY"], "payments")
		out = runPaid(t, result.NotExercised, "own", "", "")
		require.Equal(t, result.NotExercised, out.Verdict, out.Reason)
		require.Contains(t, out.Reason, "does not trust the certificate of this run")
		out = runPaid(t, result.Fail, "", "", "https://api.other.example/")
		require.Equal(t, result.Fail, out.Verdict, out.Reason)
		require.Contains(t, out.Reason, "calls api.other.example (tcp api.other.example:443), which nobody named")
		return
	}
	if err := egress.Possible(); err != nil {
		t.Skip(err)
	}
	gate, err := egress.Open("", func(egress.Contact) {})
	require.NoError(t, err)
	defer func() { require.NoError(t, gate.Close()) }()
	gate.AllowHost("127.0.0.1")
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "-test.run", "^"+t.Name()+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), cagedVariable+"=1")
	var out []byte
	over := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is behind the gate
		over <- gate.Start("the test", func() (err error) { out, err = cmd.CombinedOutput(); return err })
	}()
	require.NoError(t, <-over, string(out))
}

// What a file sets itself wins, and the plan says so.
func TestThePlanSaysWhatIsPlayed(t *testing.T) {
	text := fmt.Sprintf(paid, "./paid", asService, "", "", "")
	text = strings.Replace(text, `PORT: "{port}"`, `PORT: "{port}", SSL_CERT_FILE: own.pem, HTTP_PROXY: "http://proxy.example"`, 1)
	text = strings.Replace(text, "replaces: https://api.payments.example", `replaces: [https://api.payments.example, "https://*.Eu.payments.example:8443"]`, 1)
	s, err := manifest.Read([]byte(text), manifest.FileName, manifest.Options{})
	require.NoError(t, err)
	var plan strings.Builder
	_, err = s.Plan(s.Scenarios...).WriteTo(&plan)
	require.NoError(t, err)
	require.Contains(t, plan.String(), "charge; plays https://api.payments.example, https://*.eu.payments.example:8443, a constant in the code")
	require.Contains(t, plan.String(), "web sets SSL_CERT_FILE itself, which is how it would be told of replaced hosts: the file wins")
	require.NotContains(t, plan.String(), "web sets HTTP_PROXY", "all that is replaced has TLS")
	require.Contains(t, plan.String(), "nothing but this machine")
	require.Equal(t, "own.pem", s.Launch.Processes[0].Env["SSL_CERT_FILE"])
}
