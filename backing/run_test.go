package backing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/harness/verdict"
)

// count adds one to what a store keeps, and returns it as it was before. The store
// keeps a number as text.
func count(address string) (int, error) {
	before, err := asked(context.Background(), address, "tell")
	if err != nil {
		return 0, err
	}
	n, _ := strconv.Atoi(before)
	_, err = asked(context.Background(), address, "keep "+strconv.Itoa(n+1))
	return n, err
}

// web is a service over a store. With TEST_ADVERTISED it goes where the store says
// that it is, as a client of Kafka does, and stays connected there.
func web() {
	store := os.Getenv("STORE")
	var once sync.Once
	var held net.Conn
	http.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/die", func(http.ResponseWriter, *http.Request) { _, _ = asked(context.Background(), store, "die") })
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		if os.Getenv("TEST_ADVERTISED") != "" {
			once.Do(func() {
				if to, err := asked(context.Background(), store, "where"); err == nil {
					held, _ = net.Dial("tcp", strings.TrimPrefix(to, "PLAINTEXT://"))
				}
			})
		}
		if _, err := asked(context.Background(), store, "where"); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte("{}"))
	})
	fmt.Println(http.ListenAndServe(os.Getenv("LISTEN_ADDR"), nil))
	_ = held
}

// command is a program of the setup.
func command(role string) {
	switch role {
	case "seed":
		fmt.Println(asked(context.Background(), os.Getenv("STORE"), "keep 100"))
		log, err := os.OpenFile(os.Getenv("TEST_SEEDED"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			fmt.Fprintln(log, "seeded")
			_ = log.Close()
		}
	case "astray":
		_ = os.WriteFile(os.Getenv("TEST_SEEDED"), []byte("data"), 0o600)
	case "count":
		n, err := count(os.Getenv("STORE"))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		_ = json.NewEncoder(os.Stdout).Encode(map[string]int{"before": n})
	}
}

func runConfig(t *testing.T) harness.Config {
	return harness.Config{
		Seed: 1, Profile: "test", Ceiling: load.Ceiling{PerSecond: 20_000}, UndoDir: t.TempDir(), Out: t.TempDir(),
		Database: database.Options{CacheDir: t.TempDir()}, Target: harness.Launch{Program: self(t), ReadyTimeout: time.Minute},
	}
}

// stored is a scenario of the service over the broker as its store.
func stored(t *testing.T, name string) harness.Scenario {
	c := program(t)
	c.Name = "store"
	c.Env["ADVERTISED"] = "PLAINTEXT://{address}"
	c.Export = map[string]string{"STORE": "{address}"}
	times := harness.Timeline{Baseline: 300 * time.Millisecond, Inject: 500 * time.Millisecond, Heal: 100 * time.Millisecond}
	return harness.Scenario{
		Name: name, Claim: "the store is kept", Settings: map[string]string{roleVariable: "web"}, Timeline: times,
		World: harness.World{Dependencies: []harness.Dependency{c.Dependency()}},
		Load: []load.Stream{{Name: "web", Profile: load.Constant(50, times.Total()), Timeout: 2 * time.Second,
			Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: "/"} }}},
		Checks: []verdict.Check{verdict.Metric("web.ok_ratio").Equals(verdict.Percent(100))},
	}
}

// of is this binary as a program of the setup, by way of env(1): the environment of
// the target makes it the target.
func of(t *testing.T, role, seeded string) []string {
	return []string{"/usr/bin/env", roleVariable + "=" + role, "TEST_SEEDED=" + seeded, self(t)}
}

func TestEachScenarioBeginsWithAnEqualCopyOfWhatTheSetupLeft(t *testing.T) {
	dir := t.TempDir()
	seeded := dir + "/seeded"
	require.NoError(t, os.WriteFile("testdata.seed", []byte("1"), 0o600))
	defer os.Remove("testdata.seed")
	cfg := runConfig(t)
	var before []string
	var all []harness.Scenario
	for _, name := range []string{"store/first", "store/second"} {
		s := stored(t, name)
		s.World.Once = []harness.SetupStep{{Step: step.Step{Run: of(t, "seed", seeded)}, Writes: []string{"store"}, Inputs: []string{"testdata.seed"}}}
		s.World.Each = []harness.SetupStep{
			{Step: step.Step{Run: of(t, "count", "")}, Capture: map[string]string{"before": "json.before"}},
			{Step: step.Step{Request: &step.Request{Path: "/{before}"}}, WhenReady: true},
		}
		s.Reconcile = func(_ context.Context, state harness.State) (harness.Reconciliation, error) {
			before = append(before, state.Values["before"])
			return harness.Reconciliation{}, nil
		}
		all = append(all, s)
	}
	run := func() {
		t.Helper()
		before = nil
		cfg.ID, cfg.Out = "", t.TempDir()
		run, err := harness.Run(t.Context(), cfg, all)
		require.NoError(t, err)
		for _, s := range run.Scenarios {
			require.NotEqual(t, result.Fail, s.Verdict, s.Reason)
			require.NotEmpty(t, s.Streams, s.Reason)
		}
		require.Equal(t, []string{"100", "100"}, before, "the second does not see what the first wrote")
		log, err := os.ReadFile(cfg.Out + "/setup.log")
		require.NoError(t, err)
		require.Contains(t, string(log), "not kept: values were taken out of it")
	}
	times := func() int {
		text, err := os.ReadFile(seeded)
		require.NoError(t, err)
		return strings.Count(string(text), "seeded")
	}
	run()
	require.Equal(t, 1, times())
	run()
	require.Equal(t, 1, times(), "nothing that it reads has changed: what it left is used again")
	require.NoError(t, os.WriteFile("testdata.seed", []byte("2"), 0o600))
	run()
	require.Equal(t, 2, times())
	left, err := os.ReadDir(cfg.Database.CacheDir + "/setup/copies")
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestASetupThatWritesElsewhereEndsTheRunAndSaysWhere(t *testing.T) {
	seeded := t.TempDir() + "/app.sqlite3"
	s := stored(t, "store/astray")
	s.World.Once = []harness.SetupStep{{Step: step.Step{Name: "migrate", Run: of(t, "astray", seeded)}, Writes: []string{"store"}}}
	_, err := harness.Run(t.Context(), runConfig(t), []harness.Scenario{s})
	var unwritten *harness.UnwrittenError
	require.ErrorAs(t, err, &unwritten)
	require.ErrorContains(t, err, "migrate ended well, but wrote nothing to store")
	require.ErrorContains(t, err, "it is told of store by STORE: does it read that?")
	require.FileExists(t, seeded, "this is the harm")
	s.World.Once[0].Run = []string{"/bin/sh", "-c", "echo no such table; exit 3"}
	_, err = harness.Run(t.Context(), runConfig(t), []harness.Scenario{s})
	require.ErrorContains(t, err, "exit code 3")
	require.ErrorContains(t, err, "no such table")
}

func TestOneConnectionPastTheProxyMeansThatTheFaultWasNotExercised(t *testing.T) {
	through, past := stored(t, "store/through"), stored(t, "store/past")
	c := program(t)
	c.Name, c.Export = "store", map[string]string{"STORE": "{address}"}
	c.Env["ADVERTISED"] = "PLAINTEXT://{own.address}" // as a broker that nobody told otherwise
	past.World.Dependencies = []harness.Dependency{c.Dependency()}
	all := []harness.Scenario{through, past}
	for i := range all {
		all[i].Settings["TEST_ADVERTISED"] = "yes"
		all[i].Faults = []harness.Fault{harness.NewFault("slow", "store", "delay 5ms")}
	}
	cfg := runConfig(t)
	cfg.Retries = 3 // what a busy machine keeps from showing anything
	run, err := harness.Run(t.Context(), cfg, all)
	require.NoError(t, err)
	verdict, why := evidenceOf(run.Scenarios[0], "no way past the faults of store")
	require.Equal(t, result.Pass, verdict, why)
	verdict, why = evidenceOf(run.Scenarios[1], "no way past the faults of store")
	require.Equal(t, result.NotExercised, verdict)
	require.Contains(t, why, "store")
	require.Contains(t, why, "past the proxy")
	require.Equal(t, result.NotExercised, run.Scenarios[1].Verdict, run.Scenarios[1].Reason)
}

func TestADependencyThatEndsByItselfMakesTheExperimentInvalid(t *testing.T) {
	s := stored(t, "store/dies")
	s.Load[0].Next = func(n int64, _ *rand.Rand) load.Request {
		if n == 10 {
			return load.Request{Path: "/die"}
		}
		return load.Request{Path: "/"}
	}
	s.Checks = []verdict.Check{verdict.Metric("web.sent").AtLeast(verdict.Count(1))}
	run, err := harness.Run(t.Context(), runConfig(t), []harness.Scenario{s})
	require.NoError(t, err)
	require.NotEqual(t, result.Pass, run.Scenarios[0].Verdict)
	verdict, why := evidenceOf(run.Scenarios[0], "stayed up: store")
	require.Equal(t, result.Inconclusive, verdict)
	require.Contains(t, why, "store ended by itself: exited with code 9; its last lines: ")
}

// evidenceOf is a piece of the evidence by its name.
func evidenceOf(s result.Scenario, name string) (verdict result.Verdict, why string) {
	for _, e := range s.Evidence {
		if e.Name == name {
			return e.Verdict, e.Reason
		}
	}
	return "", "there is none"
}
