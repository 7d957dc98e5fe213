package harness

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func noData(context.Context, string) error { return nil }

func noReconciliation(context.Context, State) (Reconciliation, error) { return Reconciliation{}, nil }

func TestAScenarioThatIsRightIsValid(t *testing.T) {
	require.NoError(t, twoPhases(verdict.Metric("web.failed").Equals(verdict.Count(0))).Validate())
}

// Each row is one mistake, and what is said of it before anything starts.
func TestWhatIsWrongWithAScenarioIsSaidBeforeAnythingStarts(t *testing.T) {
	for _, row := range []struct {
		says  string
		spoil func(*Scenario)
	}{
		{"service/what", func(s *Scenario) { s.Name = "nothing" }},
		{`"test/\x1b[31m" has characters that nobody sees`, func(s *Scenario) { s.Name = "test/\x1b[31m" }},
		{`"a\u202eb" has characters that nobody sees`, func(s *Scenario) { s.World.Dependencies = []Dependency{{Name: "a\u202eb"}} }},
		{`"no order\ntwice" has characters that nobody sees`, func(s *Scenario) { s.Invariants = []Invariant{{Name: "no order\ntwice"}} }},
		{"what it claims", func(s *Scenario) { s.Claim = "" }},
		{"checks nothing", func(s *Scenario) { s.Checks = nil }},
		{"no load", func(s *Scenario) { s.Load = nil }},
		{"timeline is empty", func(s *Scenario) { s.Timeline = Timeline{} }},
		{"the phase heal lasts -1s", func(s *Scenario) { s.Timeline.Heal = -time.Second }},
		{`two streams are named "web"`, func(s *Scenario) { s.Load = append(s.Load, s.Load[0]) }},
		{"after the load's end", func(s *Scenario) { s.Load[0].StartAt = time.Hour }},
		{"Next", func(s *Scenario) { s.Load[0].Next = nil }},
		{"Profile is missing", func(s *Scenario) { s.Load[0].Profile = nil }},
		{"plans no request", func(s *Scenario) { s.Load[0].Profile = load.Constant(0, time.Second) }},
		{"moon", func(s *Scenario) { s.Faults[0].On = "moon" }},
		{"delya", func(s *Scenario) { s.Faults = []Fault{NewFault("typo", OnTarget, "delya 5s")} }},
		{"delay", func(s *Scenario) { s.Faults = []Fault{NewFault("elsewhere", OnTarget, "delay 5s")} }},
		{"two", func(s *Scenario) { s.Faults = append(s.Faults, s.Faults[0]) }},
		{"id", func(s *Scenario) { s.Faults[0].ID = "" }},
		{"no database", func(s *Scenario) { s.Faults = []Fault{NewFault("a", OnDatabase, "delay 5ms")} }},
		{"does not take place", func(s *Scenario) { s.Faults[0].During = result.Heal }},
		{"is over by then", func(s *Scenario) { s.Faults[0].After = time.Hour }},
		{"does not claim", func(s *Scenario) { s.Checks[0] = s.Checks[0].Guarding("search.sql-limit") }},
		{"did you mean web.failed", func(s *Scenario) { s.Checks[0].Metric = "web.faild" }},
		{"web.failed is a count", func(s *Scenario) { s.Checks[0].Limit = verdict.Duration(time.Second) }},
		{`there is no phase "injct"`, func(s *Scenario) { s.Checks[0].Phase = "injct" }},
		{"has no name", func(s *Scenario) { s.World.Dependencies = []Dependency{{}} }},
		{"nobody plays", func(s *Scenario) { s.World.Dependencies = []Dependency{{Name: "api"}} }},
		{"is taken", func(s *Scenario) { s.World.Dependencies = []Dependency{{Name: OnTarget}} }},
		{`"a.b", a part of a dependency, is taken`, func(s *Scenario) {
			s.World.Dependencies = []Dependency{{Name: "a.b"}, {Name: "a", Parts: map[string]fault.Support{"b": {}}}}
		}},
	} {
		t.Run(row.says, func(t *testing.T) {
			s := twoPhases(verdict.Metric("web.failed").Equals(verdict.Count(0)))
			row.spoil(&s)
			err := s.Validate()
			var invalid *InvalidError
			require.ErrorAs(t, err, &invalid)
			require.ErrorContains(t, err, row.says)
			for line := range strings.SplitSeq(err.Error(), "\n") {
				require.True(t, strings.HasPrefix(line, "scenario "+shown(s.Name)+": "), line)
			}
		})
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	s := Scenario{Name: "x", Faults: []Fault{{ID: "a", On: "moon", Kind: fault.Kill{}}}}
	var invalid *InvalidError
	require.ErrorAs(t, s.Validate(), &invalid)
	require.Greater(t, len(invalid.Problems), 4)
}

// A setting that the target does not have is found for each variant of it, and no
// session is opened.
func TestASettingThatTheTargetDoesNotHave(t *testing.T) {
	s := twoPhases(verdict.Metric("web.failed").Equals(verdict.Count(0)))
	s.Settings = map[string]string{"POOL": "4"}
	cfg := Config{UndoDir: t.TempDir(), Target: Launch{Program: "none", CheckSettings: func(env map[string]string) error {
		if _, ok := env["POOLS"]; ok {
			return errors.New("unknown setting POOLS")
		}
		return nil
	}}}
	require.NoError(t, cfg.validateAll([]Scenario{s}, []Variant{{}}))
	_, err := openFor(t.Context(), cfg, []Scenario{s}, []Variant{{}, {Without: []Protection{{Name: "p", Off: map[string]string{"POOLS": "0"}}}}})
	require.ErrorContains(t, err, "scenario test/written: unknown setting POOLS")
	require.ErrorAs(t, err, new(*InvalidError))
}

// A name that the catalogue does not know would measure the intact target twice.
func TestAProtectionThatNothingTakesAway(t *testing.T) {
	s := twoPhases(verdict.Metric("web.failed").Equals(verdict.Count(0)))
	_, err := Gains(t.Context(), Config{UndoDir: t.TempDir()}, []Promise{{Name: "a gain", Scenario: s, Before: []Protection{{Name: "serach.sql-limit"}}}}, nil, 1)
	require.EqualError(t, err, "protection serach.sql-limit: no setting takes it away")
	require.ErrorAs(t, err, new(*InvalidError))
}

func TestVariants(t *testing.T) {
	s := Scenario{Settings: map[string]string{"A": "1", "B": "1", "C": "1"}}
	p := Protection{Name: "x.limit", Off: map[string]string{"C": "0"}}
	v := Variant{Env: map[string]string{"B": "2"}, Without: []Protection{p}}
	require.Equal(t, map[string]string{"A": "1", "B": "2", "C": "0"}, v.settings(s))
	require.Equal(t, "1", s.Settings["C"], "the scenario stays as it is")
	require.Equal(t, "without x.limit", v.String())
	require.Equal(t, "the intact target", Variant{}.String())
	require.Equal(t, "another build", Variant{Name: "another build"}.String())

	l := Launch{Program: "a", MemoryLimit: 1}
	require.Equal(t, Launch{Program: "b", MemoryLimit: 2}, Variant{Program: "b", MemoryLimit: 2}.launch(l))
	require.Equal(t, l, Variant{}.launch(l))

	cfg := Config{Repeat: func(name string) string { return "run " + name }}
	require.Equal(t, "run a/b --without x.limit", v.repeat(cfg, "a/b"))
	cfg.Without = []Protection{p}
	require.Equal(t, "run a/b", v.repeat(cfg, "a/b"), "the run itself says so already")
	cfg.Repeat = func(string) string { return "" }
	require.Empty(t, v.repeat(cfg, "a/b"))
}

func TestTimelines(t *testing.T) {
	line := Timeline{WarmUp: time.Second, Inject: 2 * time.Second}
	require.Equal(t, []result.Phase{{Name: result.WarmUp, To: time.Second}, {Name: result.Inject, From: time.Second, To: 3 * time.Second}}, line.Phases())
	require.Equal(t, time.Second, line.Start(result.Inject))
	require.Equal(t, time.Duration(0), line.Length(result.Baseline))
	require.Equal(t, 33*time.Second, line.end(), "the drain has its default")
	for at, want := range map[time.Duration]string{0: result.WarmUp, time.Second - 1: result.WarmUp, time.Second: result.Inject, 3 * time.Second: result.Drain} {
		require.Equal(t, want, line.at(at), at)
	}
	for at, want := range map[time.Duration]int{0: 0, time.Second / 2: 1, time.Second: 1, 2 * time.Second: 2, 3 * time.Second: 2, 4 * time.Second: 3} {
		phases := line.until(at)
		require.Len(t, phases, want, at)
		if want > 0 {
			require.Equal(t, at, phases[want-1].To, "cut where it was cut")
		}
	}
}

func TestCleanupsRunOnceNewestFirst(t *testing.T) {
	var order []string
	var c cleanups
	add := func(what string, err error) {
		c.add(what, func(ctx context.Context) error {
			order = append(order, what)
			require.NoError(t, ctx.Err(), "it is done although the run is over")
			return err
		})
	}
	add("first", nil)
	add("second", errors.New("stuck"))
	add("third", nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.EqualError(t, c.run(ctx), "second: stuck")
	require.NoError(t, c.run(ctx))
	require.Equal(t, []string{"third", "second", "first"}, order)
}
