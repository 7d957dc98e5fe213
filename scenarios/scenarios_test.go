package scenarios_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast/harness"
	"holdfast/harness/database"
	"holdfast/harness/result"
	"holdfast/harness/verdict"
	"holdfast/scenarios"
)

func profile(t *testing.T, name string) scenarios.Profile {
	t.Helper()
	p, err := scenarios.ProfileByName(name)
	require.NoError(t, err)
	return p
}

func TestEveryScenarioIsValidInEveryProfile(t *testing.T) {
	for _, name := range scenarios.ProfileNames() {
		seen := map[string]bool{}
		for _, s := range scenarios.Catalogue(profile(t, name)) {
			require.NoError(t, s.Validate(), name)
			require.False(t, seen[s.Name], "two scenarios are named %s", s.Name)
			seen[s.Name] = true
		}
	}
}

func TestEveryProtectionIsProved(t *testing.T) {
	known := map[string]bool{}
	for _, p := range scenarios.Protections() {
		known[p.Name] = true
	}
	guarded := map[string]bool{}
	for _, s := range scenarios.Catalogue(profile(t, "smoke")) {
		for _, g := range s.Guards {
			require.True(t, known[g], "%s guards %s, which is no protection", s.Name, g)
			watches := slices.ContainsFunc(s.Holds, func(c verdict.Check) bool { return slices.Contains(c.Guards, g) })
			require.True(t, watches, "%s claims %s, but none of its checks watches it", s.Name, g)
			guarded[g] = true
		}
	}
	for name := range known {
		require.True(t, guarded[name], "no scenario proves %s", name)
	}
}

// reference builds the program under test as it is shipped: without the race
// detector, which would change its memory.
func reference(t *testing.T) harness.Launch {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "holdfast")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "../cmd/holdfast")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return harness.Launch{Program: binary, Args: []string{"serve"}}
}

func config(t *testing.T) harness.Config {
	t.Helper()
	return harness.Config{
		Seed: 1, Profile: "smoke", Target: reference(t), UndoDir: t.TempDir(), Out: t.TempDir(),
		Database: database.FromEnvironment(os.Getenv),
		Repeat:   func(name string) string { return "holdfast run " + name + " --profile smoke --seed 1" },
	}
}

func named(t *testing.T, names ...string) []harness.Scenario {
	t.Helper()
	var found []harness.Scenario
	for _, s := range scenarios.Catalogue(profile(t, "smoke")) {
		if slices.Contains(names, s.Name) {
			found = append(found, s)
		}
	}
	require.Len(t, found, len(names))
	return found
}

// The intact reference passes: the use of Holdfast as go test.
func TestSearch(t *testing.T) {
	harness.Test(t, config(t), named(t, "search/popular-term", "search/newest-first", "search/literal-wildcards", "search/long-query", "search/locked-table")...)
}

func TestOracle(t *testing.T) {
	harness.Test(t, config(t), named(t, "oracle/hundred-active", "oracle/all-hang", "oracle/broken-connections")...)
}

func TestTask(t *testing.T) {
	harness.Test(t, config(t), named(t, "task/refused-key", "task/parked", "task/reply-lost", "task/killed")...)
}

// A project without enough oracles shows nothing.
func TestTooFewOraclesAreNotExercised(t *testing.T) {
	s := named(t, "oracle/hundred-active")[0]
	s.World.Furnish = nil
	run, err := harness.Run(t.Context(), config(t), []harness.Scenario{s})
	require.NoError(t, err)
	require.Equal(t, result.NotExercised, run.Verdict, run.Reason)
	require.Contains(t, run.Reason, "0 active oracles")
}

// Projects without owners of their own cannot tell whose mail was sent.
func TestProjectsWithoutOwnersAreNotExercised(t *testing.T) {
	s := named(t, "task/project-not-found")[0]
	s.World.Furnish = nil
	run, err := harness.Run(t.Context(), config(t), []harness.Scenario{s})
	require.NoError(t, err)
	require.Equal(t, result.NotExercised, run.Verdict, run.Reason)
	require.Contains(t, run.Reason, "0 projects have an owner of their own")
}

// Each protection taken away is caught by a check that watches it.
func TestEachProtectionTakenAwayIsCaught(t *testing.T) {
	cfg := config(t)
	for _, p := range scenarios.Protections() {
		t.Run(p.Name, func(t *testing.T) {
			for _, s := range scenarios.Catalogue(profile(t, "smoke")) {
				if !slices.Contains(s.Guards, p.Name) {
					continue
				}
				cfg.ID, cfg.Without = "", []harness.Protection{p}
				run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
				require.NoError(t, err)
				caught(t, run.Scenarios[0], p.Name)
			}
		})
	}
}

// caught requires that a check which guards the protection failed.
func caught(t *testing.T, s result.Scenario, protection string) {
	t.Helper()
	var reasons []string
	for _, c := range s.Checks {
		if c.Verdict == result.Fail && slices.Contains(c.Guards, protection) {
			t.Logf("%s: %s", s.Name, c.Reason)
			return
		}
		reasons = append(reasons, string(c.Verdict)+": "+c.Reason)
	}
	t.Errorf("%s did not catch that %s is missing:\n%s", s.Name, protection, strings.Join(reasons, "\n"))
}
