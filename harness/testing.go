package harness

import (
	"context"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// T is what [Test] needs of a *testing.T; a test of a test gives another.
type T interface {
	Helper()
	Context() context.Context
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Test runs scenarios as a Go test: each in a subtest of its own and, in it, one
// for each check and each piece of evidence. Only pass is success: what is
// inconclusive or was not exercised fails the test too, with its reason. With
// go test -run TestX/search/popular-term that scenario alone is run; the line
// to do so stands with each failure.
//
// cfg.Target.Program must be set to the service's binary. Notes go to the test's
// log. What the scenarios need in common is brought up by the first that is run,
// and taken down when t ends.
func Test(t *testing.T, cfg Config, scenarios ...Scenario) {
	t.Helper()
	if cfg.Observe == nil {
		cfg.Observe = func(e Event) {
			if e.Kind == Note {
				t.Log(e.Text)
			}
		}
	}
	if cfg.Repeat == nil {
		cfg.Repeat = func(scenario string) string { return goTest(t.Name(), scenario) }
	}
	suite := &suite{cfg: cfg, scenarios: scenarios}
	for _, s := range scenarios {
		t.Run(s.Name, func(sub *testing.T) {
			out := suite.run(t, sub, s)
			report(sub, out, func(name string, check func(T)) { sub.Run(name, func(t *testing.T) { check(t) }) })
		})
	}
}

// suite is a session and a result that a test's scenarios share.
type suite struct {
	cfg       Config
	scenarios []Scenario
	session   *Session // nil: none of the scenarios was run yet
	file      *resultFile
	runs      int
}

// run runs one scenario within sub; what it shares with others belongs to whole.
func (s *suite) run(whole, sub *testing.T, sc Scenario) result.Scenario {
	sub.Helper()
	if s.session == nil {
		if err := s.open(whole); err != nil {
			sub.Fatalf("run the scenarios: %v", err)
		}
	}
	n := s.runs
	s.runs++
	put := func(out result.Scenario) { s.file.put(n, out) }
	v := Variant{Without: s.cfg.Without}
	out := s.session.show(sub.Context(), v, sc, Event{Text: sc.Claim, N: n + 1, All: len(s.scenarios)}, put)
	put(out)
	return *result.Redacted(&out)
}

// open brings up the session; it is taken down when the test ends.
func (s *suite) open(whole *testing.T) error {
	ctx := context.WithoutCancel(whole.Context()) // it is cancelled before what was brought up is taken down
	session, err := Open(ctx, s.cfg, s.scenarios...)
	if err != nil {
		return err
	}
	whole.Cleanup(func() {
		if err := session.Close(ctx); err != nil {
			whole.Errorf("take down what the scenarios shared: %v", err)
		}
	})
	v := Variant{Without: s.cfg.Without}
	if s.file, err = session.newFile(v, s.cfg.Out, session.cfg.Repeat("")); err != nil {
		return err
	}
	s.session = session
	whole.Cleanup(func() {
		if _, err := s.file.finish(nil); err != nil {
			whole.Errorf("write the result: %v", err)
		}
	})
	return nil
}

// goTest is what to type to run a test again, or one scenario of it.
func goTest(test, scenario string) string {
	var pattern []string
	for part := range strings.SplitSeq(strings.TrimSuffix(test+"/"+scenario, "/"), "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	return fmt.Sprintf("go test -count=1 -run '%s' %s", strings.Join(pattern, "/"), testedPackage())
}

// testedPackage is the import path of the package whose tests these are; the
// folder that the test runs in where the binary does not tell.
func testedPackage() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasSuffix(info.Path, ".test") {
		return strings.TrimSuffix(info.Path, ".test")
	}
	return "."
}

// report turns the result of one scenario into test outcomes.
func report(t T, s result.Scenario, sub func(name string, check func(T))) {
	t.Helper()
	if s.Error != "" {
		t.Errorf("%s: %s", s.Verdict.Label(), s.Error)
	}
	for _, c := range append(append([]result.Check(nil), s.Checks...), s.Evidence...) {
		if verdict.Silent(c) {
			t.Logf("%s: nothing to look at: %s", c.Name, c.Reason)
			continue
		}
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
