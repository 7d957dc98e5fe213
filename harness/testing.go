package harness

import (
	"context"
	"fmt"
	"testing"

	"holdfast.dev/holdfast/harness/result"
)

// T is what [Test] needs of a *testing.T; a test of a test gives another.
type T interface {
	Helper()
	Context() context.Context
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Test runs scenarios as a Go test: a subtest for each scenario and, in it, one
// for each check and each piece of evidence. Only pass is success: what is
// inconclusive or was not exercised fails the test too, with its reason.
//
// cfg.Target.Program must be set to the service's binary. Notes and the way to
// the result (cfg.Out) go to the test's log.
func Test(t *testing.T, cfg Config, scenarios ...Scenario) {
	t.Helper()
	if cfg.Observe == nil {
		cfg.Observe = func(e Event) {
			if e.Kind == Note {
				t.Log(e.Text)
			}
		}
	}
	run, err := Run(t.Context(), cfg, scenarios)
	if err != nil {
		t.Fatalf("run the scenarios: %v", err)
	}
	for _, s := range run.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			report(t, s, func(name string, check func(T)) { t.Run(name, func(t *testing.T) { check(t) }) })
		})
	}
	if got, want := len(run.Scenarios), len(scenarios); got != want {
		t.Errorf("%d of %d scenarios were run", got, want)
	}
}

// report turns the result of one scenario into test outcomes.
func report(t T, s result.Scenario, sub func(name string, check func(T))) {
	t.Helper()
	if s.Error != "" {
		t.Errorf("%s: %s", s.Verdict.Label(), s.Error)
	}
	for _, c := range append(append([]result.Check(nil), s.Checks...), s.Evidence...) {
		sub(c.Name, func(t T) {
			t.Helper()
			text := fmt.Sprintf("%s: %s (n = %d)", c.Verdict.Label(), c.Reason, c.Samples)
			if c.Verdict == result.Pass {
				t.Logf("%s", text)
				return
			}
			t.Errorf("%s", text)
		})
	}
	if s.Verdict != result.Pass {
		t.Errorf("%s: %s\nrepeat: %s", s.Verdict.Label(), s.Reason, s.Repeat)
	}
}
