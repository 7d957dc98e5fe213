//go:build !slim

package main

import (
	"bytes"
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/mutants"
	"holdfast.dev/holdfast/scenarios"
)

// Each invented mutant is found in the source as it stands, once, and compiles.
// Whether its program is another one is seen when it is built.
func TestEveryInventedMutantCompiles(t *testing.T) {
	const root = "../../"
	source, err := mutants.Load(t.Context(), root, mutatedPackages()...)
	require.NoError(t, err)
	c, err := mutants.Read(os.DirFS(root+mutantsCollection), source)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(c.Invented), 60)
	for _, m := range c.Invented {
		assert.NoError(t, source.Check(m), m.Name)
	}
	_, err = source.Drawable(c.Skipped)
	require.NoError(t, err)
}

// Who interrupts it before there is anything to watch is told so, too.
func TestAMutationThatIsInterruptedBeforeItIsWatchedSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&harness.Interrupted{Signal: os.Interrupt})
	for _, more := range [][]string{{"--list"}, {"--out", t.TempDir()}} {
		var out, errs bytes.Buffer
		args := append([]string{"mutate", "--source", "../.."}, more...)
		require.Equal(t, exitInterrupted, run(ctx, environ{args: args, stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}))
		require.Equal(t, 1, strings.Count(errs.String(), "holdfast: interrupt: ending in order"), errs.String())
		require.Empty(t, out.String())
	}
}

// What came of a mutation, as a table: what nobody could notice does not count, what
// was killed for another reason does not count as killed.
func TestTheTableOfMutants(t *testing.T) {
	edit := []mutants.Edit{{File: "a.go", Line: 3, Old: "a | b", New: "a && b"}}
	tried := map[string]mutants.Mutant{
		"a.killed": {Name: "a.killed", Operator: "boundary"}, "a.equivalent": {Name: "a.equivalent", Operator: "boundary", Edits: edit},
		"a.survivor": {Name: "a.survivor", Edits: edit}, "a.otherwise": {Name: "a.otherwise", Edits: edit}, "a.unclear": {Name: "a.unclear", Edits: edit},
	}
	run := &result.Run{
		Started: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Profile: "smoke", DurationS: 120, Command: "holdfast mutate",
		Environment: result.Environment{OS: "linux", CPUs: 2, Go: "go1.26"},
		Detections: []result.Detection{
			{Expected: "a/control", Outcome: result.OutcomeIntact},
			{Without: "a.killed", Outcome: result.OutcomeCaught}, {Without: "a.equivalent", Outcome: result.OutcomeMissed},
			{Without: "a.survivor", Outcome: result.OutcomeMissed}, {Without: "a.otherwise", Outcome: result.OutcomeOtherReason, Expected: "a/x", Check: "x.slow ≤ 1"},
			{Without: "a.unclear", Outcome: result.OutcomeNotExercised, Reason: "a/y showed nothing"},
		},
	}
	c := mutants.Collection{Judgements: []mutants.Judgement{{Mutant: "a.equivalent", Is: mutants.Equivalent, Why: "the same"}}}
	require.Equal(t, strings.TrimLeft(`
| mutants | tried | killed | for another reason | survived | not exercised | equivalent | score | 95 % interval |
|---|---|---|---|---|---|---|---|---|
| drawn | 2 | 1 | 0 | 0 | 0 | 1 | 100.0 % | 20.7 to 100.0 % |
| invented | 3 | 0 | 1 | 1 | 1 | 0 | 0.0 % | 0.0 to 56.1 % |
| in all | 5 | 1 | 1 | 1 | 1 | 1 | 25.0 % | 4.6 to 69.9 % |

| not killed for a reason that fits | what became of it | what it changes | judged by hand |
|---|---|---|---|
| a.equivalent | survived | `+"`a.go:3 - a \\| b + a && b`"+` | equivalent: the same |
| a.survivor | survived | `+"`a.go:3 - a \\| b + a && b`"+` | not yet |
| a.otherwise | killed for another reason: a/x, x.slow ≤ 1 | `+"`a.go:3 - a \\| b + a && b`"+` | not yet |
| a.unclear | not exercised: a/y showed nothing | `+"`a.go:3 - a \\| b + a && b`"+` | not yet |

2026-02-03 on linux, 2 processors, go1.26, profile smoke, 2 minutes: `+"`holdfast mutate`"+`
`, "\n"), string(mutantsTable(run, tried, c)))
}

// Each judgement by hand is of a mutant that there is: what was judged must be what
// is tried.
func TestEveryJudgementIsOfAMutant(t *testing.T) {
	const root = "../../"
	source, err := mutants.Load(t.Context(), root, mutatedPackages()...)
	require.NoError(t, err)
	c, err := mutants.Read(os.DirFS(root+mutantsCollection), source)
	require.NoError(t, err)
	all, err := source.Drawable(c.Skipped)
	require.NoError(t, err)
	for _, j := range c.Judgements {
		_, err := mutants.ByName(append(all, c.Invented...), j.Mutant)
		require.NoError(t, err)
	}
}

// The line that repeats a mutation is the same mutation.
func TestAMutationIsRepeated(t *testing.T) {
	f := mutateFlags{runFlags: runFlags{profile: "smoke", seed: 3, database: "dsn"}, drawn: 5, invented: "none", services: []string{"task"}, stopAtFirst: true}
	p := mutationPlan{flags: f}
	require.Equal(t, "holdfast mutate --profile smoke --seed 3 --service task --drawn 5 --invented none --database dsn", p.command())
	p.flags.names, p.flags.stopAtFirst = []string{"search.find.go:45:5 boundary <"}, false
	require.Equal(t, "holdfast mutate --profile smoke --seed 3 --service task --mutant 'search.find.go:45:5 boundary <' --stop-at-first=false --database dsn", p.command())
}

// What noticed a bug is kept: that of this run, or else of an earlier one; of what was
// drawn, of what is no bug any more and of what fails for another reason nothing is.
func TestWhatNoticedABugIsKept(t *testing.T) {
	p := mutationPlan{plan: &plan{config: harness.Config{Out: t.TempDir()}}, collection: mutants.Collection{
		Invented: []mutants.Mutant{{Name: "a.before"}, {Name: "a.again"}, {Name: "a.now"}, {Name: "a.otherwise"}, {Name: "a.never"}},
		Noticed:  map[string]string{"a.before": "a/x", "a.again": "a/x", "a.gone": "a/x"},
	}}
	require.NoError(t, p.writeNoticed(&result.Run{Detections: []result.Detection{
		{Expected: "a/control", Outcome: result.OutcomeIntact},
		{Without: "a.again", Expected: "a/y", Outcome: result.OutcomeCaught}, {Without: "a.now", Expected: "a/z", Outcome: result.OutcomeCaught},
		{Without: "a.otherwise", Expected: "a/z", Outcome: result.OutcomeOtherReason}, {Without: "a.f.go:1:2 drawn", Expected: "a/z", Outcome: result.OutcomeCaught},
	}}))
	text, err := os.ReadFile(filepath.Join(p.config.Out, "noticed.yaml"))
	require.NoError(t, err)
	require.Equal(t, "a.again: a/y\na.before: a/x\na.now: a/z\n", string(text))
}

// A kind of reason that names a standing check names one that there is, or no mutant
// of that kind could ever be killed for it.
func TestReasonsNameStandingChecks(t *testing.T) {
	source, err := mutants.Load(t.Context(), "../../", mutatedPackages()...)
	require.NoError(t, err)
	c, err := mutants.Read(os.DirFS("../../"+mutantsCollection), source)
	require.NoError(t, err)
	known := standing.Names()
	for _, s := range scenarios.Catalogue(smoke(t)) {
		for _, w := range s.Watches {
			known = append(known, w.Name)
		}
	}
	for kind, globs := range c.Reasons {
		for _, glob := range globs {
			name, ok := strings.CutPrefix(glob, "standing.")
			if !ok || strings.HasPrefix(name, "task-") || strings.HasPrefix(name, "oracles-") {
				continue // no standing check, or what a service's own reconciliation finds
			}
			require.True(t, slices.ContainsFunc(known, func(k string) bool {
				matches, err := path.Match(name, k)
				return err == nil && matches
			}), "%s: %s is none of %v", kind, name, known)
		}
	}
}

func smoke(t *testing.T) scenarios.Profile {
	t.Helper()
	p, err := scenarios.ProfileByName("smoke")
	require.NoError(t, err)
	return p
}
