package scenarios_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios"
)

func profileNamed(t *testing.T, name string) scenarios.Profile {
	t.Helper()
	p, err := scenarios.ProfileByName(name)
	require.NoError(t, err)
	return p
}

func TestEveryScenarioIsValidInEveryProfile(t *testing.T) {
	for _, name := range scenarios.ProfileNames() {
		seen := map[string]bool{}
		for _, s := range scenarios.Catalogue(profileNamed(t, name)) {
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
	shown := map[string]bool{}
	for _, s := range scenarios.Catalogue(profileNamed(t, "smoke")) {
		for _, g := range s.Protections {
			require.True(t, known[g], "%s claims %s, which is no protection", s.Name, g)
			watches := slices.ContainsFunc(s.Checks, func(c verdict.Check) bool { return slices.Contains(c.Protections, g) })
			require.True(t, watches, "%s claims %s, but none of its checks watches it", s.Name, g)
			shown[g] = true
		}
	}
	for name := range known {
		require.True(t, shown[name], "no scenario proves %s", name)
	}
}

// databases is the server on which the runs of these tests have their databases;
// a run of make bench or make prove has one that waits for the disk.
var databases databasetest.Server

// programs is where the program under test is built, once for all tests.
var programs string

// runTests runs them with what they share, and returns the exit code.
func runTests(m *testing.M) int {
	var err error
	if programs, err = os.MkdirTemp("", "holdfast-scenarios-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programs)
	return databases.Run(m)
}

// build builds the program under test as it is shipped: without the race
// detector, which would change its memory.
var build = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(programs, "holdfast")
	cmd := exec.Command("go", "build", "-trimpath", "-o", binary, "../cmd/holdfast")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program under test: %w\n%s", err, out)
	}
	return binary, nil
})

// measured is what the load generator can send, measured once for all tests.
var measured = sync.OnceValues(func() (load.Ceiling, error) {
	return load.Calibrate(context.Background(), load.Calibration{})
})

func config(t *testing.T) harness.Config {
	t.Helper()
	binary, err := build()
	require.NoError(t, err)
	ceiling, err := measured()
	require.NoError(t, err)
	return harness.Config{
		Seed: 1, Profile: "smoke", Ceiling: ceiling, Target: harness.Launch{Program: binary, Args: []string{"serve"}}, UndoDir: t.TempDir(), Out: t.TempDir(),
		Database:   databases.Options(t),
		SideBySide: 2 * runtime.GOMAXPROCS(0), // as holdfast run has it, for they wait for most of their time
		Retries:    2,                         // what a busy machine keeps from showing anything
		Repeat:     func(name string) string { return "holdfast run " + name + " --profile smoke --seed 1" },
	}
}

func named(t *testing.T, names ...string) []harness.Scenario {
	t.Helper()
	var found []harness.Scenario
	for _, s := range scenarios.Catalogue(profileNamed(t, "smoke")) {
		if slices.Contains(names, s.Name) {
			found = append(found, s)
		}
	}
	require.Len(t, found, len(names))
	return found
}

// The intact reference passes: the use of Holdfast as go test.
func TestTheMainJob(t *testing.T) {
	harness.Test(t, config(t), named(t, "search/popular-term", "oracle/hundred-active", "oracle/all-hang", "task/refused-key")...)
}

// A world without what a scenario is about shows nothing: a project without enough
// oracles, and projects without owners of their own, where nobody can tell whose mail was
// sent.
func TestAWorldWithoutWhatItIsAboutIsNotExercised(t *testing.T) {
	suite := named(t, "oracle/hundred-active", "task/project-not-found")
	for i := range suite {
		suite[i].World.Prepare = nil
	}
	run, err := harness.Run(t.Context(), config(t), suite)
	require.NoError(t, err)
	for i, says := range []string{"0 active oracles", "0 projects have an owner of their own"} {
		require.Equal(t, result.NotExercised, run.Scenarios[i].Verdict, run.Scenarios[i].Reason)
		require.Contains(t, run.Scenarios[i].Reason+run.Scenarios[i].Error, says)
	}
}

// parts is into how many the protections are divided: one part is proved in each
// run of the tests, another one each time; make prove proves all.
const parts = 8

// turn is the part of this run: HOLDFAST_PROVE=2/8 asks for one, 1/1 for the whole.
func turn(t *testing.T) string {
	t.Helper()
	part := os.Getenv("HOLDFAST_PROVE")
	if part == "" {
		part = fmt.Sprintf("%d/%d", time.Now().Unix()/60%parts+1, parts)
	}
	t.Logf("part %s; to repeat it: HOLDFAST_PROVE=%s", part, part)
	return part
}

// proved runs a proof, in which each mutant must be caught for the declared
// reason and the intact target must pass.
func proved(t *testing.T, cfg harness.Config, proof harness.Proof) {
	t.Helper()
	run, err := harness.Prove(t.Context(), cfg, proof)
	require.NoError(t, err)
	require.NotEmpty(t, run.Detections, "nothing was proved")
	for _, d := range run.Detections {
		require.Equal(t, result.Pass, d.Verdict, "without %q, %s: %s: %s", d.Without, d.Expected, d.Outcome, d.Reason)
	}
}

// Each protection taken away is caught by a check that watches it, and the intact
// reference passes.
func TestEachProtectionTakenAwayIsCaught(t *testing.T) {
	proof, err := harness.Proof{Scenarios: scenarios.Catalogue(profileNamed(t, "smoke")), Protections: scenarios.Protections()}.Part(turn(t))
	require.NoError(t, err)
	proved(t, config(t), proof.Claimed())
}
