package harness_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/verdict"
)

// work is a process that asks another again and again, and writes a line each time.
func work() {
	fmt.Println("ready to work")
	for n := 0; ; n++ {
		time.Sleep(20 * time.Millisecond)
		if resp, err := http.Get(os.Getenv("API_ROOT") + "/"); err != nil {
			fmt.Println("ERROR", err)
		} else {
			_ = resp.Body.Close()
		}
		fmt.Println("worked", n)
		if os.Getenv("CHATTY") == "yes" {
			fmt.Println("with", os.Getenv("APP_SECRET"))
		}
		if os.Getenv("FLAKY") == "yes" && n == 20 {
			os.Exit(3)
		}
	}
}

// shop is a target of a web process and two workers.
func shop(t *testing.T) harness.Config {
	t.Helper()
	cfg := config(t)
	cfg.Target = launchOfShop(cfg.Target.Program)
	return cfg
}

func launchOfShop(self string) harness.Launch {
	return harness.Launch{
		Values: map[string]string{"secrets.app": "kept-between-us"},
		Entry:  "web",
		Processes: []target.Process{
			{
				Name: "worker", Command: []string{self}, Replicas: 2, Restart: target.RestartOnFailure, DependsOn: []string{"web"},
				Env:   map[string]string{behaviour: "worker", "API_ROOT": "{web.url}", "APP_SECRET": "{secrets.app}", "FLAKY": "no"},
				Ready: target.Ready{Log: "ready to work"},
			},
			{
				Name: "web", Command: []string{self}, Env: map[string]string{behaviour: "good", "LISTEN_ADDR": "{address}"},
				Ready: target.Ready{HTTP: "/readyz"},
			},
		},
	}
}

// sellUntilKilled is a harness in a process of its own, in the middle of faults at the
// processes of a shop.
func sellUntilKilled(dir string) {
	self, _ := os.Executable()
	s := selling(
		harness.Fault{ID: "still", On: "worker", Kind: fault.Pause{}},
		harness.Fault{ID: "hungry", On: "web", Kind: fault.Starve{CPUs: 0.5}},
	)
	s.Timeline.Inject = time.Minute
	s.Load[0].Profile = load.Constant(20, s.Timeline.Total())
	_, err := harness.Run(context.Background(), harness.Config{
		Seed: 1, Ceiling: load.Ceiling{PerSecond: 1000}, Out: filepath.Join(dir, "out"), UndoDir: filepath.Join(dir, "undo"), Target: launchOfShop(self),
		Observe: func(e harness.Event) { fmt.Println(e.Kind, e.Phase) },
	}, []harness.Scenario{s})
	fmt.Fprintln(os.Stderr, err)
}

// A harness that is killed while processes of its target stand still and are limited
// leaves none of them, no limit, and nothing that the next run does not clear.
func TestAKilledHarnessLeavesNothingOfATargetOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "TEST_HARNESS_OF_SHOP="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	waitFor(t, out, "tick inject")
	data, err := os.ReadFile(filepath.Join(dir, "out", "run.json"))
	require.NoError(t, err)
	partial := new(result.Run)
	require.NoError(t, json.Unmarshal(data, partial))
	require.NotEmpty(t, processesOf(t, partial.ID), "they are there to be left")
	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait()

	cfg := shop(t)
	cfg.UndoDir = filepath.Join(dir, "undo")
	held(t, sell(t, cfg, selling()))
	require.Empty(t, processesOf(t, partial.ID))
	journals, err := filepath.Glob(filepath.Join(cfg.UndoDir, "*"))
	require.NoError(t, err)
	require.Empty(t, journals)
}

// selling is a scenario of the shop.
func selling(faults ...harness.Fault) harness.Scenario {
	s := scenario("good")
	s.Name = "shop/selling"
	s.World.Data.Build, s.Settings = nil, nil
	s.Load[0].Name = "browse"
	s.Timeline = harness.Timeline{WarmUp: 100 * time.Millisecond, Baseline: 400 * time.Millisecond, Inject: 700 * time.Millisecond, Heal: 200 * time.Millisecond}
	s.Load[0].Profile = load.Constant(50, s.Timeline.Total())
	s.Checks = []verdict.Check{verdict.Metric("browse.ok_ratio").Equals(verdict.Percent(100))}
	s.Faults = faults
	return s
}

func sell(t *testing.T, cfg harness.Config, s harness.Scenario) result.Scenario {
	t.Helper()
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
	require.NoError(t, err)
	return run.Scenarios[0]
}

// held requires that each check of the scenario's own passed; whether the machine was
// good for one on time is not asked.
func held(t *testing.T, s result.Scenario) {
	t.Helper()
	for _, c := range s.Checks {
		if strings.HasPrefix(c.Name, "standing: ") && c.Verdict != result.Fail {
			continue
		}
		require.Equal(t, result.Pass, c.Verdict, "%s: %s", c.Name, c.Reason)
	}
}

func TestEachProcessIsMeasuredAndBrokenByItsName(t *testing.T) {
	t.Parallel()
	s := selling(harness.Fault{ID: "gone", On: "worker", Instances: 1, Kind: fault.Kill{}})
	s.Timeline.Inject = 2 * time.Second // a full machine takes its time to start the worker again, and to look at it
	s.Load[0].Profile = load.Constant(50, s.Timeline.Total())
	s.Checks = append(s.Checks,
		verdict.Metric("web.rss.max").Above(verdict.Bytes(1<<20)),
		verdict.Metric("worker.rss.max").Above(verdict.Bytes(2<<20)),
		verdict.Metric("worker.2.threads.min").AtLeast(verdict.Count(1)),
		verdict.Metric("target.processes.max").AtLeast(verdict.Count(3)),
		verdict.Metric("worker.restarts").In(result.Inject).AtLeast(verdict.Count(1)),
		verdict.Metric("web.restarts.max").Equals(verdict.Count(0)),
		verdict.Metric("worker.unexpected_ends").Equals(verdict.Count(0)),
		verdict.Metric(harness.LogMetric("worker", "worked")).AtLeast(verdict.Count(20)),
		verdict.Metric(harness.LogMetric("worker", "ERROR")).Equals(verdict.Count(0)),
		verdict.Metric(harness.LogMetric("web", "worked")).Equals(verdict.Count(0)),
	)
	got := sell(t, shop(t), s)
	held(t, got)
	require.Equal(t, "worker (1 of its instances)", got.Faults[0].On)
	lives := map[string]int{}
	for _, e := range got.Ends {
		lives[fmt.Sprint(e.Process, e.Instance)]++
	}
	require.Equal(t, map[string]int{"web0": 1, "worker1": 2, "worker2": 1}, lives)
	require.Contains(t, strings.Join(got.Log, "\n"), "worker.2: worked 1")
}

func TestASecretThatAnyProcessWritesIsFoundAndHidden(t *testing.T) {
	t.Parallel()
	cfg := shop(t)
	cfg.Target.Processes[0].Env["CHATTY"] = "yes"
	cfg.Target.Processes[0].Env["HOOK"] = "{secrets.app}"
	got := sell(t, cfg, selling())
	require.Contains(t, strings.Join(failing(got), "\n"), "a line of its log holds the secret app")
	require.Contains(t, strings.Join(got.Log, "\n"), "worker.2: with ***")
	require.Equal(t, "{secrets.app}", got.Settings["worker.APP_SECRET"])
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.NotContains(t, string(text), "kept-between-us")
}

func TestAProcessThatDiesIsNamedAndOneThatItsPolicyHealsIsCounted(t *testing.T) {
	t.Parallel()
	cfg, s := shop(t), selling()
	cfg.Target.Processes[0].Env["FLAKY"] = "yes"
	s.Checks = append(s.Checks, verdict.Metric("worker.unexpected_ends").Equals(verdict.Count(0)))
	got := sell(t, cfg, s)
	require.Equal(t, result.Fail, got.Verdict)
	require.Contains(t, strings.Join(failing(got), "\n"), "worker.unexpected_ends")
	require.NotContains(t, strings.Join(failing(got), "\n"), verdict.UnexpectedEnds, "it was started again: the target stayed up")

	cfg.Target.Processes[0].Restart = target.RestartNo
	got = sell(t, cfg, selling())
	require.Equal(t, result.Fail, got.Verdict)
	require.Regexp(t, `worker\.[12] exited with code 3`, strings.Join(failing(got), "\n"))
}

func TestAProtectionIsTakenAwayOfOneProcess(t *testing.T) {
	t.Parallel()
	cfg, s := shop(t), selling()
	s.Protections = []string{"worker.calm"}
	s.Checks[0] = s.Checks[0].Guarding("worker.calm")
	for name, off := range map[string]harness.Protection{
		"by its environment": {OffIn: map[string]map[string]string{"worker": {"FLAKY": "yes"}}},
		"by its command":     {OffCommand: map[string][]string{"worker": {"sh", "-c", "echo ready to work; exit 3"}}},
	} {
		t.Run(name, func(t *testing.T) {
			off.Name = "worker.calm"
			cfg.Without = []harness.Protection{off}
			cfg.Target.Processes[0].Restart = target.RestartNo
			got := sell(t, cfg, s)
			require.Equal(t, []string{"worker.calm"}, got.Without)
			require.NotEqual(t, result.Pass, got.Verdict)
		})
	}
	cfg.Without = []harness.Protection{{Name: "worker.calm", OffIn: map[string]map[string]string{"wroker": {"A": "b"}}}}
	_, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
	require.ErrorContains(t, err, `it is taken away in "wroker", which is no process of the target, did you mean worker?`)
}

func TestAStreamGoesToTheProcessThatItNames(t *testing.T) {
	t.Parallel()
	cfg, s := shop(t), selling()
	cfg.Target.Entry = "worker" // which answers nothing
	s.Load[0].To = "web"
	got := sell(t, cfg, s)
	held(t, got)
	s.Load[0].To = "wbe"
	_, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
	require.ErrorContains(t, err, `stream browse goes to "wbe", which is no process of the target, did you mean web?`)
}

func TestAServiceThatSomebodyElseRunsIsOnlyAsked(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	theirs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1) }))
	defer theirs.Close()
	cfg, s := config(t), selling()
	cfg.Target = harness.Launch{URL: theirs.URL, AllowHosts: []string{"127.0.0.1"}, AllowLoad: true}
	got := sell(t, cfg, s)
	held(t, got)
	require.Empty(t, got.Ends)

	s.Checks = append(s.Checks, verdict.Metric("target.rss.max").Below(verdict.Bytes(1<<30)))
	got = sell(t, cfg, s)
	require.NotEqual(t, result.Pass, got.Verdict)
	require.Equal(t, result.NotExercised, got.Checks[1].Verdict, "what is not seen proves nothing")

	asked.Store(0)
	s = selling(harness.Fault{ID: "gone", On: harness.OnTarget, Kind: fault.Kill{}})
	got = sell(t, cfg, s)
	require.Equal(t, result.NotExercised, got.Verdict)
	require.Contains(t, got.Reason, `"kill" cannot be laid on a service that somebody else runs`)
	require.Zero(t, asked.Load())
}

func TestWhatCannotBeSeenElsewhereIsSaidBeforeTheRun(t *testing.T) {
	t.Parallel()
	cfg, s := config(t), selling()
	cfg.Target = harness.Launch{URL: "http://127.0.0.1:1", AllowHosts: []string{"127.0.0.1"}, AllowLoad: true}
	s.Checks = append(s.Checks, verdict.Metric("target.rss.max").Below(verdict.Bytes(1<<30)))
	var said []string
	cfg.Observe = func(e harness.Event) {
		if e.Kind == harness.Note {
			said = append(said, e.Text)
		}
	}
	session, err := harness.Open(t.Context(), cfg, s)
	require.NoError(t, err)
	require.NoError(t, session.Close(t.Context()))
	require.Contains(t, said, "shop/selling: target.rss.max cannot be seen at a service that somebody else runs: not exercised")
}
