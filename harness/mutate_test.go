package harness_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// behaving is a program that behaves in a way, whatever the scenario's settings say.
func behaving(t *testing.T, how string) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), how)
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\n%s=%s exec %s\n", behaviour, how, self), 0o700))
	return path
}

// oneByOne makes mutants as they are needed, and then fails, if there is an error.
func oneByOne(err error, all ...harness.Mutant) func(func(harness.Mutant, error) bool) {
	return func(yield func(harness.Mutant, error) bool) {
		for _, m := range all {
			if !yield(m, nil) {
				return
			}
		}
		if err != nil {
			yield(harness.Mutant{}, err)
		}
	}
}

func mutate(t *testing.T, m harness.Mutation) (map[string]result.Detection, *result.Run, error) {
	t.Helper()
	return mutateBy(t, config(t), m)
}

func mutateBy(t *testing.T, cfg harness.Config, m harness.Mutation) (map[string]result.Detection, *result.Run, error) {
	t.Helper()
	run, err := harness.Mutate(t.Context(), cfg, m)
	require.NotNil(t, run)
	found := map[string]result.Detection{}
	for _, d := range run.Detections {
		key := d.Without
		if _, another := found[""]; another && key == "" {
			key = "intact: " + d.Expected // each scenario that kills has its control
		}
		require.NotContains(t, found, key, "one for each mutant, and for each control")
		found[key] = d
	}
	return found, run, err
}

func TestWhatBecomesOfMutants(t *testing.T) {
	t.Parallel()
	found, run, err := mutate(t, harness.Mutation{
		Scenarios: []harness.Scenario{guarding("good")},
		Mutants: oneByOne(nil,
			harness.Mutant{Name: "broken", Service: "test", Program: behaving(t, "broken"), Reasons: []string{"none", "web.*"}},
			harness.Mutant{Name: "otherwise", Service: "test", Program: behaving(t, "broken"), Reasons: []string{"target.*", "standing.none"}},
			harness.Mutant{Name: "dead", Service: "test", Program: behaving(t, "exit")},
			harness.Mutant{Name: "survivor", Service: "shared", Program: behaving(t, "good"), About: "- a + b"},
			harness.Mutant{Name: "excused", Service: "test", Program: behaving(t, "good"), Excuse: "equivalent: nobody can tell"},
			harness.Mutant{Name: "known", Service: "test"},
		),
		Known: []result.Detection{{Without: "known", Outcome: result.OutcomeCaught, Verdict: result.Pass, Expected: "test/good"}},
	})
	require.NoError(t, err)
	for name, want := range map[string]result.Outcome{
		"": result.OutcomeIntact, "broken": result.OutcomeCaught, "otherwise": result.OutcomeOtherReason, "dead": result.OutcomeCaught,
		"survivor": result.OutcomeMissed, "excused": result.OutcomeMissed, "known": result.OutcomeCaught,
	} {
		require.Equal(t, want, found[name].Outcome, name)
	}
	require.Equal(t, "test/good", found["broken"].Expected)
	require.Contains(t, found["dead"].Reason, "does not start")
	require.Contains(t, found["survivor"].Reason, "- a + b")
	require.Equal(t, result.Fail, found["survivor"].Verdict)
	require.Equal(t, result.Pass, found["excused"].Verdict)
	require.Contains(t, found["excused"].Reason, "nobody can tell")
	require.Equal(t, result.Fail, run.Verdict)
	require.Len(t, run.Scenarios, 1, "the control")
}

// Several scenarios are held against a mutant at a time; one that fails in company kills
// when it fails alone, too, and nothing that fails in company alone does.
func TestACompanyOfScenariosKillsNobody(t *testing.T) {
	t.Parallel()
	one, other, last := guarding("good"), guarding("good"), guarding("good")
	other.Name, last.Name = "test/other", "test/last"
	last.Needs.Alone = true
	cfg := config(t)
	cfg.SideBySide = 2
	tried := map[string]int{}
	cfg.Observe = func(e harness.Event) {
		if e.Kind == harness.ScenarioStarted {
			tried[e.Text]++
		}
	}
	crowded := map[string]int{}
	unfit := func(name string) func(context.Context, harness.State) error {
		return func(context.Context, harness.State) error {
			if crowded[name]++; crowded[name] == 1 {
				return errors.New("a neighbour was in the way")
			}
			return nil
		}
	}
	one.World.Precondition = unfit(one.Name)
	found, _, err := mutateBy(t, cfg, harness.Mutation{
		Scenarios: []harness.Scenario{one, other, last},
		Mutants: oneByOne(nil,
			harness.Mutant{Name: "survivor", Service: "test", Program: behaving(t, "good")},
			harness.Mutant{Name: "broken", Service: "test", Program: behaving(t, "broken")},
			harness.Mutant{Name: "dead", Service: "test", Program: behaving(t, "exit")},
		),
	})
	require.NoError(t, err)
	require.NotContains(t, found["survivor"].Outcome, "caught")
	require.Equal(t, result.OutcomeCaught, found["broken"].Outcome)
	require.Equal(t, result.OutcomeCaught, found["dead"].Outcome)
	require.GreaterOrEqual(t, tried["survivor"], 2, "in company")
	require.GreaterOrEqual(t, tried["survivor, alone"]+tried["survivor"], 4, "what did not pass there is seen alone")
	require.GreaterOrEqual(t, tried["broken, alone"], 1)
}

// The scenario that noticed a mutant before is tried before all others, and if it does
// not notice it any more that is no reason to leave the others out.
func TestWhatNoticedAMutantBeforeIsTriedFirst(t *testing.T) {
	t.Parallel()
	quick, slow := guarding("good"), guarding("good")
	slow.Name, slow.Timeline.Baseline = "test/slow", 2*slow.Timeline.Baseline
	cfg := config(t)
	var tried []string
	cfg.Observe = func(e harness.Event) {
		if e.Kind == harness.ScenarioStarted {
			tried = append(tried, e.Text+": "+e.Scenario)
		}
	}
	found, _, err := mutateBy(t, cfg, harness.Mutation{
		Scenarios: []harness.Scenario{quick, slow},
		Mutants: oneByOne(nil,
			harness.Mutant{Name: "broken", Service: "test", Program: behaving(t, "broken"), NoticedBy: slow.Name},
			harness.Mutant{Name: "mended", Service: "test", Program: behaving(t, "good"), NoticedBy: slow.Name},
			harness.Mutant{Name: "gone", Service: "test", Program: behaving(t, "broken"), NoticedBy: "test/gone"},
		),
	})
	require.NoError(t, err)
	require.Equal(t, slow.Name, found["broken"].Expected)
	require.Equal(t, "broken, as before: "+slow.Name, tried[0])
	require.Equal(t, result.OutcomeMissed, found["mended"].Outcome)
	require.Contains(t, strings.Join(tried, "\n"), "mended: "+quick.Name)
	require.Equal(t, result.OutcomeCaught, found["gone"].Outcome)
}

// A scenario that the intact target fails, too, kills nobody; and what was found
// until a mutant could not be made is kept.
func TestWithoutAControlNothingIsKilled(t *testing.T) {
	t.Parallel()
	s := guarding("good")
	s.Checks = []verdict.Check{verdict.Metric("web.planned").Equals(verdict.Count(1))}
	broken := errors.New("no compiler")
	found, run, err := mutate(t, harness.Mutation{
		Scenarios: []harness.Scenario{s},
		Mutants:   oneByOne(broken, harness.Mutant{Name: "broken", Service: "test", Program: behaving(t, "broken")}),
	})
	require.ErrorIs(t, err, broken)
	require.Equal(t, result.OutcomeNoControl, found["broken"].Outcome)
	require.Equal(t, result.OutcomeFalseAlarm, found[""].Outcome)
	require.Equal(t, result.Fail, run.Verdict)
}

func TestOnlyAnIntactTargetIsMutated(t *testing.T) {
	cfg := config(t)
	cfg.Without = []harness.Protection{kindness}
	_, err := harness.Mutate(t.Context(), cfg, harness.Mutation{})
	require.ErrorContains(t, err, "intact")
}
