package harness_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/scrapes"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/harness/witness/witnesstest"
)

// databases is the server on which the runs of these tests have their databases.
var databases databasetest.Server

// behaviour is the variable that makes this test binary a target.
const behaviour = "TEST_TARGET"

func TestMain(m *testing.M) {
	if os.Getenv(behaviour) == "worker" {
		work()
	}
	if how := os.Getenv(commandVariable); how != "" {
		carryOutCommand(how)
		return
	}
	if how := os.Getenv(behaviour); how != "" {
		serve(how)
		return
	}
	if dir := os.Getenv("TEST_HARNESS_OF_SHOP"); dir != "" {
		sellUntilKilled(dir)
		return
	}
	if dir := os.Getenv("TEST_HARNESS"); dir != "" {
		runUntilKilled(dir)
		return
	}
	os.Exit(databases.Run(m))
}

// serve is a target of the given behaviour.
func serve(how string) {
	var served atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if how == "never-ready" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/metrics", http.NotFound)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		n := served.Add(1)
		switch {
		case how == "crash" && n > 20:
			os.Exit(7)
		case how == "broken":
			w.WriteHeader(http.StatusInternalServerError)
		case how == "stuck":
			time.Sleep(3 * time.Second) // longer than there is load
		case n == 20 && strings.HasPrefix(how, "holds "):
			go keptOpen(strings.TrimPrefix(how, "holds "))
		case n == 20 && strings.HasPrefix(how, "calls "):
			callSomebody(strings.TrimPrefix(how, "calls "))
		}
		fmt.Fprint(w, `{"answer":42}`)
	})
	if orders, ok := strings.CutPrefix(how, "shop "); ok {
		takeOrders(mux, orders)
	}
	if how == "exit" {
		fmt.Fprintln(os.Stderr, "no configuration, no service")
		os.Exit(3)
	}
	if how == "starts late" {
		time.Sleep(400 * time.Millisecond) // as one that has much to load
	}
	if address, ok := strings.CutPrefix(how, "calls at its start "); ok {
		callSomebody(address)
	}
	fmt.Fprintln(os.Stderr, http.ListenAndServe(listensAt(how, os.Getenv("LISTEN_ADDR")), mux))
}

// ceiling is measured once for all tests.
var ceiling = sync.OnceValue(func() load.Ceiling {
	c, err := load.Calibrate(context.Background(), load.Calibration{})
	if err != nil {
		panic(err)
	}
	return c
})

// patience is how often a scenario is tried again that a busy machine kept from showing
// anything.
const patience = 3

func config(t *testing.T) harness.Config {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return harness.Config{
		Seed: 1, Profile: "test", Ceiling: ceiling(), Out: t.TempDir(), UndoDir: t.TempDir(),
		Database: databases.Options(t),
		Target:   harness.Launch{Program: self, ReadyTimeout: time.Minute},
		Repeat:   func(name string) string { return "repeat " + name },
	}
}

// scenario is a small valid one, for tests to spoil.
func scenario(how string) harness.Scenario {
	t := harness.Timeline{WarmUp: 100 * time.Millisecond, Baseline: 400 * time.Millisecond, Inject: 300 * time.Millisecond, Heal: 200 * time.Millisecond}
	return harness.Scenario{
		Name: "test/" + how, Claim: "the harness",
		World: harness.World{Data: database.DataSet{
			Name: "nothing", Key: "harness-test-nothing", Build: func(context.Context, string) error { return nil },
		}},
		Settings: map[string]string{behaviour: how},
		Timeline: t,
		Load: []load.Stream{{
			Name: "web", Profile: load.Constant(200, t.Total()), Timeout: 2 * time.Second,
			Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: "/"} },
		}},
		Checks: []verdict.Check{verdict.Metric("web.ok_ratio").Equals(verdict.Percent(100))},
	}
}

// runOne runs a scenario, and once more where the harness itself says that it showed
// nothing.
func runOne(t *testing.T, s harness.Scenario) result.Scenario {
	t.Helper()
	cfg := config(t)
	cfg.Retries = patience
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
	require.NoError(t, err)
	require.True(t, run.Complete)
	require.Len(t, run.Scenarios, 1)
	undisturbed(t, run.Scenarios[0])
	return run.Scenarios[0]
}

// undisturbed skips a test where the machine has kept a scenario from showing anything,
// however often it was tried: that is no fault of what is tested, but on a machine that
// is idle.
func undisturbed(t *testing.T, s result.Scenario) {
	t.Helper()
	if s.Verdict == result.Inconclusive && saysDisturbed(s.Reason) {
		witnesstest.TooBusy(t, s.Reason)
	}
}

// saysDisturbed reports whether a reason is the machine's.
func saysDisturbed(reason string) bool {
	return strings.Contains(reason, "the run was disturbed") || strings.Contains(reason, "can't be held against the target")
}

func failing(s result.Scenario) (texts []string) {
	for _, c := range append(s.Checks, s.Evidence...) {
		if c.Verdict != result.Pass {
			texts = append(texts, string(c.Verdict)+" "+c.Name+": "+c.Reason)
		}
	}
	return texts
}

func TestAScenarioThatHoldsPasses(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Retries = patience
	cfg.RecordScrapes = 20 * time.Millisecond
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{scenario("good")})
	require.NoError(t, err)
	s := run.Scenarios[0]
	undisturbed(t, s)
	require.Equal(t, result.Pass, s.Verdict, failing(s))
	kept, err := scrapes.ReadFile(filepath.Join(cfg.Out, scrapes.Folder, scrapes.Name(s.Name)))
	require.NoError(t, err)
	require.Equal(t, s.Name, kept.Scenario)
	require.Greater(t, len(kept.Pages), 5, "of a second, one each 20 ms if the machine stands it")
	require.Equal(t, harness.OnTarget, kept.Pages[0].Instance)
	require.Contains(t, kept.Pages[0].Error, "404", "a reading that failed is kept as one")
	require.WithinDuration(t, s.Started, kept.Started, time.Minute)
	require.Equal(t, int64(200), s.Streams[0].Planned)
	require.Len(t, s.Phases, 5, "warm-up, baseline, inject, heal, drain")
	require.Len(t, s.Ends, 1)
	require.True(t, s.Ends[0].Expected)

	f, err := os.Open(filepath.Join(cfg.Out, "run.json"))
	require.NoError(t, err)
	defer f.Close()
	written, err := result.Read(f)
	require.NoError(t, err)
	require.Equal(t, run.Verdict, written.Verdict)
	require.True(t, written.Complete)
	left, err := filepath.Glob(filepath.Join(cfg.UndoDir, "*"))
	require.NoError(t, err)
	require.Empty(t, left, "all was undone")
}

func TestVerdictsOfWhatGoesWrong(t *testing.T) {
	t.Parallel()
	type row struct {
		name  string
		how   string
		spoil func(*harness.Scenario)
		want  result.Verdict
		says  string
	}
	for retries, rows := range map[int][]row{
		0: { // what shows nothing is not tried again
			{"the generator is starved", "stuck", func(s *harness.Scenario) {
				s.Load[0].MaxInFlight = 3
				s.Checks = []verdict.Check{verdict.Metric("web.wrong").Equals(verdict.Count(0))}
			}, result.Inconclusive, "shed"},
			{"the target exits at its start", "exit", func(s *harness.Scenario) {}, result.Inconclusive, "no configuration, no service"},
		},
		patience: {
			{"the target answers wrongly", "broken", func(s *harness.Scenario) {}, result.Fail, "ok_ratio"},
			{"the target crashes under load", "crash", func(s *harness.Scenario) {}, result.Fail, "exited with code 7"},
			{"a limit on time is missed", "good", func(s *harness.Scenario) {
				s.Checks = []verdict.Check{verdict.Metric("web.latency.p99").AtMost(verdict.Duration(time.Microsecond))}
			}, result.Fail, "web.latency.p99"},
			{"a fault that never fires", "good", func(s *harness.Scenario) {
				s.Faults = []harness.Fault{{ID: "slow", On: harness.OnDatabase, Kind: fault.After(time.Millisecond)}}
			}, result.NotExercised, "acted 0 times"},
			{"a check on a phase without samples", "good", func(s *harness.Scenario) {
				s.Checks = []verdict.Check{verdict.Metric("web.latency.p50").In(result.Drain).AtMost(verdict.Duration(time.Second))}
			}, result.NotExercised, "drain"},
			{"a world without what it is about", "good", func(s *harness.Scenario) {
				s.World.Precondition = func(context.Context, harness.State) error { return errors.New("no oracles") }
			}, result.NotExercised, "no oracles"},
			{"something that nobody told", "exit", func(s *harness.Scenario) { s.Lacks = []string{"add terms"} }, result.NotExercised, "add terms"},
		},
	} {
		all := make([]harness.Scenario, len(rows))
		for i, row := range rows {
			all[i] = scenario(row.how)
			all[i].Name = fmt.Sprintf("test/row-%d", i)
			row.spoil(&all[i])
		}
		cfg := config(t)
		cfg.Retries = retries
		run, err := harness.Run(t.Context(), cfg, all)
		require.NoError(t, err)
		require.Len(t, run.Scenarios, len(rows))
		for i, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				got := run.Scenarios[i]
				if retries > 0 {
					undisturbed(t, got)
				}
				require.Equal(t, row.want, got.Verdict, failing(got))
				require.Contains(t, strings.Join(failing(got), "\n")+got.Error+got.Reason, row.says)
			})
		}
	}
}

func TestATargetThatNeverGetsReadyIsGivenUp(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Target.ReadyTimeout = time.Second
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{scenario("never-ready")})
	require.NoError(t, err)
	require.Equal(t, result.Inconclusive, run.Verdict, run.Reason)
	require.Contains(t, run.Scenarios[0].Error, "ready")
}

// A fault that ends the target is no death of its own: it is started again, and
// both lives are in the result.
func TestATargetThatAFaultKilledIsStartedAgain(t *testing.T) {
	s := scenario("good")
	const after = 100 * time.Millisecond
	s.Timeline.Heal = 2 * time.Second // a full machine takes its time to start it again
	s.Load[0].Profile = load.Constant(200, s.Timeline.Total())
	s.Faults = []harness.Fault{{ID: "kill", On: harness.OnTarget, Kind: fault.Kill{}, After: after}}
	s.Checks = []verdict.Check{
		verdict.Metric("web.failed").AtLeast(verdict.Count(1)),
		verdict.Metric("web.rate.failed").In(result.Heal).FallsTo(verdict.PerSecond(0), s.Timeline.Heal),
	}
	got := runOne(t, s)
	require.Equal(t, result.Pass, got.Verdict, failing(got))
	require.Len(t, got.Ends, 2)
	require.Equal(t, "killed", got.Ends[0].Signal)
	require.NotEmpty(t, got.Events)
	require.GreaterOrEqual(t, got.Faults[0].StartS, (s.Timeline.Start(result.Inject) + after).Seconds(), "so long after the phase began")
}

// The drain lasts until the work is done, and how long that took is measured.
func TestTheDrainLastsUntilTheWorkIsDone(t *testing.T) {
	t.Parallel()
	s := scenario("good")
	const work = 300 * time.Millisecond
	s.Drained = func(_ context.Context, o harness.State) (bool, error) {
		return time.Since(o.Start) >= s.Timeline.Total()+work, nil
	}
	s.Reconcile = func(_ context.Context, o harness.State) (harness.Reconciliation, error) {
		web, _ := o.Stream("web")
		var l result.Ledger
		for n := range web.Planned {
			if web.Answered(n) {
				l.Accepted++
			}
		}
		return harness.Reconciliation{Ledger: l}, nil
	}
	s.Checks = []verdict.Check{
		verdict.Metric("drain.duration").AtLeast(verdict.Duration(work)),
		verdict.Metric("drain.duration").AtMost(verdict.Duration(work + 10*time.Second)),
		verdict.Metric("ledger.accepted").Equals(verdict.Count(load.Planned(s.Load[0].Profile))),
	}
	got := runOne(t, s)
	require.Equal(t, result.Pass, got.Verdict, failing(got))
}

func TestAnInterruptedRunIsJudgedAndWritten(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	cfg.Observe = func(e harness.Event) {
		if e.Kind == harness.Tick && e.Phase != result.WarmUp && e.Phase != result.Drain { // whichever phase a busy machine has come to
			cancel(&harness.Interrupted{Signal: os.Interrupt})
		}
	}
	run, err := harness.Run(ctx, cfg, []harness.Scenario{scenario("good"), scenario("broken")})
	require.NoError(t, err)
	require.Equal(t, "interrupt", run.Interrupted)
	require.Equal(t, result.Inconclusive, run.Verdict)
	require.Len(t, run.Scenarios, 1, "the second was not begun")
	require.Contains(t, strings.Join(failing(run.Scenarios[0]), "\n"), "interrupted")
	require.Positive(t, run.Scenarios[0].Streams[0].Unsent)
}

func TestScenariosThatAreWrongAreRefusedBeforeAnythingIsStarted(t *testing.T) {
	good := scenario("good")
	for _, row := range []struct {
		says  string
		spoil func(*harness.Scenario)
	}{
		{"service/what", func(s *harness.Scenario) { s.Name = "nothing" }},
		{"what it claims", func(s *harness.Scenario) { s.Claim = "" }},
		{"checks nothing", func(s *harness.Scenario) { s.Checks = nil }},
		{"no load", func(s *harness.Scenario) { s.Load = nil }},
		{"timeline is empty", func(s *harness.Scenario) { s.Timeline = harness.Timeline{} }},
		{"two streams are named", func(s *harness.Scenario) { s.Load = append(s.Load, s.Load[0]) }},
		{"after the load's end", func(s *harness.Scenario) { s.Load[0].StartAt = time.Hour }},
		{"there is no place", func(s *harness.Scenario) { s.Faults = []harness.Fault{{ID: "x", On: "moon", Kind: fault.Kill{}}} }},
		{"does not take place", func(s *harness.Scenario) {
			s.Timeline.Inject = 0
			s.Load[0].Profile = load.Constant(1, time.Second)
			s.Faults = []harness.Fault{{ID: "x", On: harness.OnTarget, Kind: fault.Kill{}}}
		}},
		{"does not take place", func(s *harness.Scenario) {
			s.Faults = []harness.Fault{{ID: "late", On: harness.OnTarget, Kind: fault.Kill{}, After: time.Hour}}
		}},
		{"does not claim", func(s *harness.Scenario) { s.Checks[0] = s.Checks[0].Guarding("search.sql-limit") }},
	} {
		t.Run(row.says, func(t *testing.T) {
			s := good
			s.Load = append([]load.Stream(nil), good.Load...)
			s.Checks = append([]verdict.Check(nil), good.Checks...)
			row.spoil(&s)
			_, err := harness.Run(t.Context(), config(t), []harness.Scenario{s})
			require.ErrorContains(t, err, row.says)
		})
	}
}

func TestARuntimeThatTheProgramDidNotChooseIsRefused(t *testing.T) {
	_, err := harness.Run(t.Context(), harness.Config{
		UndoDir: t.TempDir(), Target: harness.Launch{Program: "/bin/true", Kind: harness.AsContainer},
	}, []harness.Scenario{scenario("good")})
	require.ErrorContains(t, err, "run as a container, and no such runtime was chosen")
}

// runUntilKilled is a harness in a process of its own, in the middle of a load.
func runUntilKilled(dir string) {
	self, _ := os.Executable()
	s := scenario("good")
	s.Timeline.Baseline = time.Minute
	s.Load[0].Profile = load.Constant(50, time.Minute)
	_, err := harness.Run(context.Background(), harness.Config{
		Seed: 1, Out: filepath.Join(dir, "out"), UndoDir: filepath.Join(dir, "undo"),
		Database: database.Options{Provider: "local"}, Target: harness.Launch{Program: self},
		Observe: func(e harness.Event) { fmt.Println(e.Kind, e.Phase) },
	}, []harness.Scenario{s})
	fmt.Fprintln(os.Stderr, err)
}

// SIGKILL leaves no time to clean up: what is left is a readable partial
// result, and nothing that the next run does not clear.
func TestAKilledHarnessLeavesAReadableResultAndNothingElse(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "TEST_HARNESS="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	waitFor(t, out, "tick baseline")
	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait()

	data, err := os.ReadFile(filepath.Join(dir, "out", "run.json"))
	require.NoError(t, err)
	partial := new(result.Run)
	require.NoError(t, json.Unmarshal(data, partial))
	require.False(t, partial.Complete)
	require.Len(t, partial.Scenarios, 1)
	require.Equal(t, 3, partial.Verdict.ExitCode(), "no verdict never counts as success")

	cfg := config(t)
	cfg.UndoDir = filepath.Join(dir, "undo")
	cfg.Database.Providers = append(cfg.Database.Providers, database.Local()) // the killed run's, which brings its undoers
	_, err = harness.Run(t.Context(), cfg, []harness.Scenario{scenario("good")})
	require.NoError(t, err)
	journals, err := filepath.Glob(filepath.Join(dir, "undo", "*"))
	require.NoError(t, err)
	require.Empty(t, journals, "the next run cleared what the killed one had left")
	require.Empty(t, processesOf(t, partial.ID), "processes of the killed run")
}

// waitFor reads lines until one is text.
func waitFor(t *testing.T, r interface{ Read([]byte) (int, error) }, text string) {
	t.Helper()
	var seen strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(seen.String(), text) {
		n, err := r.Read(buf)
		seen.Write(buf[:n])
		require.NoError(t, err, seen.String())
	}
}

// processesOf lists the processes that carry the run's mark.
func processesOf(t *testing.T, run string) (found []string) {
	t.Helper()
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, path := range environments {
		if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), "HOLDFAST_RUN="+run) {
			found = append(found, path)
		}
	}
	return found
}
