package harness_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/harness/witness/witnesstest"
)

// kindness is a protection of the test target: without it, it is broken.
var kindness = harness.Protection{Name: "test.kindness", Off: map[string]string{behaviour: "broken"}}

// decoration changes nothing.
var decoration = harness.Protection{Name: "test.decoration", Off: map[string]string{"COLOUR": "none"}}

func prove(t *testing.T, p harness.Proof) (*result.Run, harness.Config) {
	t.Helper()
	return proveSideBySide(t, 1, p)
}

func proveSideBySide(t *testing.T, n int, p harness.Proof) (*result.Run, harness.Config) {
	t.Helper()
	for tries := 0; ; tries++ {
		cfg := config(t)
		cfg.SideBySide = n
		run, err := harness.Prove(t.Context(), cfg, p)
		require.NoError(t, err)
		require.True(t, run.Complete)
		why := disturbance(run)
		if why == "" {
			return run, cfg
		}
		if tries == patience {
			witnesstest.TooBusy(t, why)
		}
	}
}

// disturbance is why a matrix is not what it is on a machine that is left alone; empty: it
// is.
func disturbance(run *result.Run) string {
	var reasons []string
	for _, s := range run.Scenarios {
		reasons = append(reasons, s.Reason)
	}
	for _, d := range run.Detections {
		reasons = append(reasons, d.Reason)
	}
	for _, why := range reasons {
		if saysDisturbed(why) {
			return why
		}
	}
	return ""
}

func outcomes(run *result.Run) map[string]result.Outcome {
	all := map[string]result.Outcome{}
	for _, d := range run.Detections {
		all[d.Without] = d.Outcome
	}
	return all
}

// guarding is the small scenario, with its check guarding what is named.
func guarding(how string, protections ...string) harness.Scenario {
	s := scenario(how)
	s.Timeline = harness.Timeline{Baseline: 250 * time.Millisecond}
	s.Load[0].Profile = load.Constant(200, s.Timeline.Total())
	s.Protections = protections
	s.Checks[0] = s.Checks[0].Guarding(protections...)
	return s
}

func TestAMutantIsCaughtForTheDeclaredReasonOrNot(t *testing.T) {
	t.Parallel()
	run, cfg := prove(t, harness.Proof{
		Scenarios:   []harness.Scenario{guarding("good", kindness.Name, decoration.Name)},
		Protections: []harness.Protection{kindness, decoration, {Name: "test.forgotten", Off: map[string]string{"FORGOTTEN": "yes"}}},
	})
	require.Equal(t, map[string]result.Outcome{
		"": result.OutcomeIntact, kindness.Name: result.OutcomeCaught, decoration.Name: result.OutcomeMissed, "test.forgotten": result.OutcomeUnguarded,
	}, outcomes(run))
	require.Equal(t, result.Fail, run.Verdict)
	require.Contains(t, run.Reason, decoration.Name, "the first that is wrong is named")
	require.Len(t, run.Scenarios, 1, "the control alone: a mutant's failure is no failure of the run")
	require.FileExists(t, filepath.Join(cfg.Out, "without", kindness.Name, "run.json"))

	proven := harness.ProvenChecks(run, time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC))
	check := run.Scenarios[0].Checks[0]
	require.Equal(t, &result.ProvenFailure{Without: kindness.Name, At: "2026-01-31"}, proven.Of("test/good", check))
	require.Nil(t, proven.Of("test/good", run.Scenarios[0].Checks[1]), "that it stays up was never seen to fail")
}

// A protection that only a scenario claims for which something is not told is not
// exercised, and it is said what to tell.
func TestAProtectionWhoseScenarioLacksSomething(t *testing.T) {
	t.Parallel()
	run, _ := prove(t, harness.Proof{
		Scenarios:   []harness.Scenario{guarding("good", kindness.Name)},
		Untold:      []harness.Scenario{{Name: "test/untold", Claim: "It holds.", Protections: []string{decoration.Name}, Lacks: []string{"not told: add the rest"}}},
		Protections: []harness.Protection{kindness, decoration},
	})
	require.Equal(t, map[string]result.Outcome{
		"": result.OutcomeIntact, kindness.Name: result.OutcomeCaught, decoration.Name: result.OutcomeNotExercised,
	}, outcomes(run))
	require.Equal(t, result.NotExercised, run.Verdict)
	require.Contains(t, run.Reason, "test/untold does, and needs: not told: add the rest")

	run, _ = prove(t, harness.Proof{
		Untold:      []harness.Scenario{{Name: "test/untold", Claim: "It holds.", Protections: []string{decoration.Name}, Lacks: []string{"not told: add the rest"}}},
		Protections: []harness.Protection{decoration},
	})
	require.Equal(t, result.NotExercised, run.Verdict, "there is nobody else")
}

// Deleting a check leaves its protection unguarded, and the proof says which.
func TestADeletedCheckLeavesItsProtectionUnguarded(t *testing.T) {
	t.Parallel()
	s := guarding("good", kindness.Name)
	s.Checks = []verdict.Check{verdict.Metric("web.planned").Equals(verdict.Count(50))}
	run, _ := prove(t, harness.Proof{Scenarios: []harness.Scenario{s}, Protections: []harness.Protection{kindness}})
	require.Equal(t, result.OutcomeUnguarded, outcomes(run)[kindness.Name])
	require.Equal(t, result.Fail, run.Verdict)
	require.Contains(t, run.Reason, kindness.Name)
}

func TestAMutantIsCaughtForAnotherReason(t *testing.T) {
	t.Parallel()
	s := guarding("good", kindness.Name)
	s.Checks = []verdict.Check{
		verdict.Metric("web.planned").Equals(verdict.Count(50)).Guarding(kindness.Name),
		verdict.Metric("web.failed").Equals(verdict.Count(0)),
	}
	run, _ := prove(t, harness.Proof{Scenarios: []harness.Scenario{s}, Protections: []harness.Protection{kindness}})
	require.Equal(t, result.OutcomeOtherReason, outcomes(run)[kindness.Name])
	require.Equal(t, result.Fail, run.Verdict)
}

// A mutant that does not start was not survived, and where the intact target
// fails nothing is shown by a mutant that fails too.
func TestWhatProvesNothing(t *testing.T) {
	t.Parallel()
	dead := harness.Protection{Name: "test.dead", Off: map[string]string{behaviour: "exit"}}
	run, _ := prove(t, harness.Proof{Scenarios: []harness.Scenario{guarding("good", dead.Name)}, Protections: []harness.Protection{dead}})
	require.Equal(t, result.OutcomeNotExercised, outcomes(run)[dead.Name])
	require.Equal(t, result.Inconclusive, run.Verdict)

	run, _ = prove(t, harness.Proof{Scenarios: []harness.Scenario{guarding("broken", kindness.Name)}, Protections: []harness.Protection{kindness}})
	require.Equal(t, map[string]result.Outcome{"": result.OutcomeFalseAlarm, kindness.Name: result.OutcomeNoControl}, outcomes(run))
	require.Equal(t, result.Fail, run.Verdict)
}

// Side by side each cell has a target and a database of its own, and the matrix is
// the same, in the same order.
func TestCellsSideBySideComeOutAsOneByOne(t *testing.T) {
	t.Parallel()
	one, other := guarding("good", kindness.Name, decoration.Name), guarding("good", kindness.Name)
	other.Name = "test/other"
	run, cfg := proveSideBySide(t, 3, harness.Proof{
		Scenarios: []harness.Scenario{one, other}, Protections: []harness.Protection{kindness, decoration, {Name: "test.forgotten", Off: map[string]string{"FORGOTTEN": "yes"}}},
	})
	require.Len(t, run.Scenarios, 2)
	var cells []string
	for _, d := range run.Detections {
		cells = append(cells, strings.TrimSpace(d.Without+" "+d.Expected+" "+string(d.Outcome)))
	}
	require.Equal(t, []string{
		"test/good intact", "test/other intact",
		"test.kindness test/good caught", "test.kindness test/other caught",
		"test.decoration test/good missed", "test.forgotten  unguarded",
	}, cells)

	f, err := os.Open(filepath.Join(cfg.Out, "without", kindness.Name, "run.json"))
	require.NoError(t, err)
	defer f.Close()
	mutant, err := result.Read(f)
	require.NoError(t, err)
	require.True(t, mutant.Complete)
	require.Len(t, mutant.Scenarios, 2)
	require.Equal(t, "repeat test/good test/other --without test.kindness", mutant.Command)
}

// What does not come out as it should among neighbours is seen once more alone;
// without neighbours only what is inconclusive is.
func TestWhatNeighboursMayHaveBrokenIsTriedAlone(t *testing.T) {
	t.Parallel()
	for sideBySide, want := range map[int]result.Verdict{1: result.NotExercised, 2: result.Pass} {
		s, other := guarding("good"), guarding("good")
		other.Name = "test/other"
		var both meeting
		together := func(context.Context, harness.State) error {
			if sideBySide == 1 {
				return nil
			}
			return both.wait(2)
		}
		s.World.Prepare, other.World.Prepare = together, together
		var runs atomic.Int32
		s.World.Precondition = func(context.Context, harness.State) error {
			if runs.Add(1) == 1 {
				return errors.New("a neighbour was in the way")
			}
			return nil
		}
		cfg := config(t)
		cfg.SideBySide = sideBySide
		run, err := harness.Prove(t.Context(), cfg, harness.Proof{Scenarios: []harness.Scenario{s, other}})
		require.NoError(t, err)
		if why := disturbance(run); why != "" {
			witnesstest.TooBusy(t, why)
		}
		require.Len(t, run.Scenarios, 2, "it counts once")
		require.Equal(t, want, run.Scenarios[0].Verdict)
	}
}

func TestAPartOfAProof(t *testing.T) {
	whole := harness.Proof{
		Scenarios:   []harness.Scenario{guarding("good", "a"), guarding("good", "b"), guarding("good")},
		Protections: []harness.Protection{{Name: "a"}, {Name: "b"}, {Name: "c"}},
	}
	for text, want := range map[string][]string{"1/1": {"a", "b", "c"}, "1/2": {"a", "c"}, "2/2": {"b"}, "4/4": nil} {
		part, err := whole.Part(text)
		require.NoError(t, err, text)
		var names []string
		for _, p := range part.Protections {
			names = append(names, p.Name)
		}
		require.Equal(t, want, names, text)
	}
	for _, text := range []string{"", "1", "0/2", "3/2", "a/b", "1/0", "1/2/3"} {
		_, err := whole.Part(text)
		require.Error(t, err, text)
	}
	part, err := whole.Part("2/2")
	require.NoError(t, err)
	require.Len(t, part.Claimed().Scenarios, 1)
	require.Len(t, whole.Scenarios, 3, "the whole is as it was")
}
