package compare

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// Less is better once a value is turned, whichever side its limit is on.
func TestBadness(t *testing.T) {
	upper := 20.0
	for _, row := range []struct {
		name          string
		op            string
		better, worse float64
	}{
		{"an upper limit", "<=", 5, 15},
		{"a strict one", "<", 5, 15},
		{"a lower limit", ">=", 15, 5},
		{"a strict one below", ">", 15, 5},
		{"an exact number, missed above", "==", 10, 12},
		{"or below", "==", 10, 8},
		{"a range, missed above", "between", 15, 25},
		{"or below", "between", 15, 5},
		{"a time to fall", "falls_to", 1, 9},
	} {
		t.Run(row.name, func(t *testing.T) {
			of := func(v float64) float64 {
				return badness(result.Check{Op: row.op, Threshold: 10, Upper: &upper, Value: &v})
			}
			require.Less(t, of(row.better), of(row.worse))
		})
	}
	inside := func(v float64) float64 {
		return badness(result.Check{Op: "between", Threshold: 10, Upper: &upper, Value: &v})
	}
	require.Equal(t, inside(11), inside(19), "within a range nothing is better")
	v := 1e9
	require.Zero(t, badness(result.Check{Op: "between", Threshold: 10, Value: &v}), "without an upper limit there is none to miss")
}

func TestHowTheSidesAreUnlike(t *testing.T) {
	run := func(change func(*result.Run)) *result.Run {
		r := &result.Run{ID: "1", Complete: true, Profile: "bench", Environment: result.Environment{Target: "process", OS: "linux", CPUs: 2, Go: "go1.26", Versions: map[string]string{"postgres": "15"}}}
		change(r)
		return r
	}
	same := func(*result.Run) {}
	for _, row := range []struct {
		name string
		now  func(*result.Run)
		says string
	}{
		{"nothing", same, ""},
		{"the profile", func(r *result.Run) { r.Profile = "smoke" }, "profile: bench before, smoke after"},
		{"the target", func(r *result.Run) { r.Environment.Target = "container" }, "target: process before, container after"},
		{"the machine", func(r *result.Run) { r.Environment.CPUs = 4 }, "machine: linux 2 CPUs before, linux 4 CPUs after"},
		{"the database", func(r *result.Run) { r.Environment.Versions = nil }, "Postgres: 15 before, not known after"},
		{"what was taken away", func(r *result.Run) {
			r.Scenarios = []result.Scenario{{Without: []string{"b"}}, {Without: []string{"a", "b"}}}
		}, "taken away: nothing before, a, b after"},
		{"the end", func(r *result.Run) { r.Complete = false }, "run 1, after, is partial: it did not reach its end"},
	} {
		t.Run(row.name, func(t *testing.T) {
			notes := unlike([]*result.Run{run(same)}, []*result.Run{run(row.now)})
			if row.says == "" {
				require.Empty(t, notes)
				return
			}
			require.Equal(t, []string{row.says}, notes)
		})
	}
}

// Two checks of one metric that differ in their limits alone are two rows, and a
// limit that changed is still the same row.
func TestWhichChecksAreTheSame(t *testing.T) {
	check := func(limit float64) result.Check {
		v := 1.0
		return result.Check{Name: "m", Metric: "m", Op: "<=", Threshold: limit, Unit: result.UnitCount, Value: &v, Verdict: result.Pass}
	}
	run := func(checks ...result.Check) []*result.Run {
		return []*result.Run{{Scenarios: []result.Scenario{{Name: "search/x", Checks: checks}}}}
	}
	rows := checkRows(run(check(5), check(9)), run(check(4), check(9)))
	require.Len(t, rows, 2)
	require.Equal(t, []int{1, 1}, []int{rows[0].Old.N, rows[0].New.N})
	require.Equal(t, "≤\u00a04", rows[0].Limit, "the newer one's")
	named := result.Check{Name: "by hand", Verdict: result.Pass}
	rows = checkRows(run(named, result.Check{Name: "another", Verdict: result.Pass}), run(named))
	require.Len(t, rows, 2, "what has no metric goes by its name")
	require.Equal(t, "by hand", rows[0].Name)
	require.Equal(t, []int{1, 1}, []int{rows[0].Old.N, rows[0].New.N})
	fall := result.Check{Metric: "m", Phase: "heal", Op: "falls_to"}
	require.Equal(t, "m in heal, time to fall", nameOf(fall))
}

func TestOnlyAValidExperimentIsCompared(t *testing.T) {
	for name, row := range map[string]struct {
		of   result.Scenario
		want bool
	}{
		"it passed":          {result.Scenario{Verdict: result.Pass}, true},
		"it failed":          {result.Scenario{Verdict: result.Fail}, true},
		"it was not valid":   {result.Scenario{Verdict: result.Inconclusive}, false},
		"it has no verdict":  {result.Scenario{}, false},
		"not carried out":    {result.Scenario{Verdict: result.Fail, Error: "no disk"}, false},
		"its evidence broke": {result.Scenario{Verdict: result.Fail, Evidence: []result.Check{{Verdict: result.Inconclusive}}}, false},
		"its evidence held":  {result.Scenario{Verdict: result.Fail, Evidence: []result.Check{{Verdict: result.Pass}}}, true},
	} {
		require.Equal(t, row.want, valid(row.of), name)
	}
}

// Who compares a run with one that was sent more slowly is told.
func TestAnotherPaceIsNoted(t *testing.T) {
	planned := &result.Run{ID: "a", Complete: true, Scenarios: []result.Scenario{{Name: "task/x"}}}
	slower := &result.Run{ID: "b", Complete: true, Scenarios: []result.Scenario{{Name: "task/x", Pace: &result.Pace{Factor: 0.5, FromPerS: 620, ToPerS: 310}}}}
	require.Contains(t, unlike([]*result.Run{planned}, []*result.Run{slower}), "pace: as planned before, task/x at 310/s after")
	require.Empty(t, unlike([]*result.Run{slower}, []*result.Run{slower}))
}
