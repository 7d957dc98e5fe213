package harness_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// small is a scenario that is over soon; meets is called while it is set up.
func small(name, how string, meets func() error) harness.Scenario {
	s := scenario(how)
	s.Name = name
	s.Timeline = harness.Timeline{Baseline: 200 * time.Millisecond}
	s.Load[0].Profile = load.Constant(50, 200*time.Millisecond)
	s.Checks = []verdict.Check{verdict.Metric("web.status.500").Equals(verdict.Count(0))}
	s.World.Prepare = func(context.Context, harness.State) error { return meets() }
	return s
}

// meeting is of scenarios that are there at the same time.
type meeting struct{ there atomic.Int32 }

// wait waits until so many have come, or gives up.
func (m *meeting) wait(n int32) error {
	m.there.Add(1)
	for range 1000 {
		if m.there.Load() >= n {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("nobody else came")
}

// Scenarios in company go on at the same time, each against a target of its own; those
// that need the machine when nobody else is there; and the result has them in the
// order of the plan, once each. A busy machine may leave any of them inconclusive.
func TestScenariosGoOnSideBySide(t *testing.T) {
	t.Parallel()
	var all meeting
	together := func() error { return all.wait(3) }
	var going atomic.Int32
	alone := small("test/alone", "good", func() error {
		if n := going.Load(); n > 1 {
			return fmt.Errorf("%d are there", n)
		}
		return nil
	})
	alone.Needs.Alone = true
	cfg := config(t)
	cfg.SideBySide = 3
	inCompany := map[string]bool{}
	cfg.Observe = func(e harness.Event) {
		switch e.Kind {
		case harness.ScenarioStarted:
			going.Add(1)
			inCompany[e.Scenario] = inCompany[e.Scenario] || e.Company
		case harness.ScenarioEnded:
			going.Add(-1)
		}
	}
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{
		alone, small("test/a", "good", together), small("test/b", "good", together), small("test/c", "good", together),
	})
	require.NoError(t, err)
	want := []string{"test/alone", "test/a", "test/b", "test/c"}
	var names []string
	for _, s := range run.Scenarios {
		names = append(names, s.Name)
		require.Empty(t, s.Error)
		require.Equal(t, s.Name != "test/alone", inCompany[s.Name])
	}
	require.Equal(t, want, names)
}

// What does not pass in company is run alone, that counts, and both are kept.
func TestWhatDoesNotPassInCompanyIsRunAlone(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	s := small("test/a", "good", func() error { return nil })
	s.World.Precondition = func(context.Context, harness.State) error {
		if tries.Add(1) == 1 {
			return errors.New("a neighbour was in the way")
		}
		return nil
	}
	cfg := config(t)
	cfg.SideBySide = 2
	var told []result.Verdict
	cfg.Observe = func(e harness.Event) {
		if e.Kind == harness.ScenarioEnded && e.Scenario == s.Name {
			told = append(told, e.Result.Verdict)
		}
	}
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s, small("test/b", "good", func() error { return nil })})
	require.NoError(t, err)
	require.Len(t, run.Scenarios, 2)
	got := run.Scenarios[0]
	require.EqualValues(t, 2, tries.Load())
	require.NotEqual(t, result.NotExercised, got.Verdict)
	require.Len(t, got.Tries, 1)
	require.Equal(t, result.NotExercised, got.Tries[0].Verdict)
	require.Contains(t, got.Tries[0].Reason, "a neighbour was in the way")
	require.Equal(t, []result.Verdict{result.NotExercised, got.Verdict}, told, "each try is told")
}

// What no company can cause is a failure at once: a second try would be one too many.
func TestAFailureThatNoCompanyCanCauseIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	var beside meeting
	var tries atomic.Int32
	s := small("test/a", "good", func() error { return beside.wait(2) })
	s.World.Precondition = func(context.Context, harness.State) error { tries.Add(1); return nil }
	s.Measures = []harness.Measure{{
		Descriptor: verdict.Descriptor{Name: "tasks.lost", Unit: result.UnitCount},
		Read: func(harness.State, verdict.Window) verdict.Reading {
			return verdict.Reading{Value: float64(2 - min(tries.Load(), 2)), Samples: 1} // never again
		},
	}}
	s.Checks = []verdict.Check{verdict.Metric("tasks.lost").Equals(verdict.Count(0))}
	cfg := config(t)
	cfg.SideBySide, cfg.Retries = 2, 2
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s, small("test/b", "good", func() error { return beside.wait(2) })})
	require.NoError(t, err)
	require.Equal(t, result.Fail, run.Scenarios[0].Verdict, run.Scenarios[0].Reason)
	require.Empty(t, run.Scenarios[0].Tries)
	require.EqualValues(t, 1, tries.Load())
}

// Where company does most of them harm the others are run one after another.
func TestAMachineWithoutRoomForCompany(t *testing.T) {
	t.Parallel()
	var all int
	cfg := config(t)
	cfg.SideBySide = 2
	cfg.Observe = func(e harness.Event) {
		if e.Kind == harness.ScenarioStarted {
			all++
		}
	}
	var plan []harness.Scenario
	for i := range 9 {
		s := small(fmt.Sprintf("test/%d", i), "good", func() error { return nil })
		s.World.Precondition = func(context.Context, harness.State) error { return errors.New("no room") }
		plan = append(plan, s)
	}
	run, err := harness.Run(t.Context(), cfg, plan)
	require.NoError(t, err)
	require.Len(t, run.Scenarios, 9)
	again := 0
	for _, s := range run.Scenarios {
		again += len(s.Tries)
	}
	require.Equal(t, 9+again, all, "what showed nothing in company once more")
	require.GreaterOrEqual(t, again, 2)
	require.LessOrEqual(t, again, 6)
}

// An interruption ends all that go on; what was not run alone any more shows nothing.
func TestAnInterruptionEndsAllThatGoOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var begun atomic.Int32
	cfg := config(t)
	cfg.SideBySide = 2
	cfg.Observe = func(e harness.Event) {
		if e.Kind == harness.PhaseStarted && begun.Add(1) == 2 {
			cancel(errors.New("enough"))
		}
	}
	long := func(name string) harness.Scenario {
		s := small(name, "good", func() error { return nil })
		s.Timeline = harness.Timeline{Baseline: time.Minute}
		s.Load[0].Profile = load.Constant(50, time.Minute)
		return s
	}
	start := time.Now()
	run, err := harness.Run(ctx, cfg, []harness.Scenario{long("test/a"), long("test/b"), long("test/c")})
	require.NoError(t, err)
	require.Less(t, time.Since(start), 50*time.Second)
	require.Len(t, run.Scenarios, 2)
	for _, s := range run.Scenarios {
		require.Equal(t, result.Inconclusive, s.Verdict)
		require.Empty(t, s.Tries)
	}
}
