package examples_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/witness/witnesstest"
)

// constant is a service whose payment provider's host is a constant in its code: nothing
// tells it another.
const constant = `
version: 1
name: shop
processes:
  web: { command: %s, env: { LISTEN: "{address}", PINNED: "%d" } }
dependencies:
  payments:
    http: { routes: { charge: { request: { method: POST, path: /v1/charges }, response: { status: 201 } } } }
    replaces: https://api.payments.example
scenarios:
  - name: orders/steady
    claim: Each order is paid for.
    timeline: { baseline: 1s }
    load: [ { name: order, rate: 20/s, request: { method: POST, path: /orders }, ok: { status: 201 }, refused: { status: 503, headers: { Retry-After: present } } } ]
    checks: [ order.ok_ratio == 100%%, payments.charge.calls >= 10, payments.unmatched == 0 ]
`

// TestAConstantHostInARun runs services in three languages as a person would: the host is
// played for each of them, and for none that pins the certificate of production. That one's
// calls reach nobody: neither who plays the host, nor anybody else.
func TestAConstantHostInARun(t *testing.T) {
	if err := egress.Possible(); err != nil {
		t.Skip(err)
	}
	here, err := filepath.Abs("testdata/constant")
	require.NoError(t, err)
	web := filepath.Join(t.TempDir(), "web")
	out, err := exec.Command("go", "build", "-o", web, filepath.Join(here, "web.go")).CombinedOutput()
	require.NoError(t, err, string(out))
	program := built(t)
	for _, row := range []struct {
		stack, command, refuses string
	}{
		{"Python requests", fmt.Sprintf("[/usr/bin/python3, %q]", filepath.Join(here, "web.py")), "it closed each connection to https://api.payments.example before it asked anything, as who pins a certificate does"},
		{"Node https", fmt.Sprintf("[node, %q]", filepath.Join(here, "web.mjs")), "it closed each connection to https://api.payments.example before it asked anything, as who pins a certificate does"},
		{"Go net/http", fmt.Sprintf("[%q]", web), "TLS alert: bad certificate: it does not trust the certificate of this run for https://api.payments.example"},
	} {
		t.Run(row.stack, func(t *testing.T) {
			played := runConstant(t, program, row.command, false, result.Pass)
			require.Equal(t, played.Streams[0].OK, played.Calls["payments.charge"], "each order is one call")

			pinned := runConstant(t, program, row.command, true, result.NotExercised)
			require.Contains(t, pinned.Reason, row.refuses)
			require.Zero(t, pinned.Calls["payments"], "%v", pinned.Calls)
			require.Positive(t, pinned.Streams[0].Sent, "it has tried")
			seen := slices.IndexFunc(pinned.Checks, func(c result.Check) bool { return c.Metric == "standing.nowhere" })
			require.GreaterOrEqual(t, seen, 0)
			require.Equal(t, result.Pass, pinned.Checks[seen].Verdict, "nobody else was called: %s", pinned.Checks[seen].Reason)
		})
	}
}

// runConstant runs the only scenario of a service in a folder of its own.
func runConstant(t *testing.T, program, command string, pinned bool, want result.Verdict) result.Scenario {
	t.Helper()
	dir, pin := t.TempDir(), 0
	if pinned {
		pin = 1
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "holdfast.yaml"), fmt.Appendf(nil, constant, command, pin), 0o600))
	sc := example{dir: dir}.run(t, program, nil, -1, "run", "--all").Scenarios[0]
	if sc.Verdict != want && sc.Verdict == result.Inconclusive {
		witnesstest.TooBusy(t, sc.Reason)
	}
	require.Equal(t, want, sc.Verdict, "%s %s", sc.Reason, sc.Error)
	return sc
}
