package harness_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/egress"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/step"
)

// callSomebody is what a service does of whose outside API nobody thought.
func callSomebody(address string) {
	if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
		_ = c.Close()
	}
}

// keptOpen keeps a connection as long as the process lives.
func keptOpen(address string) {
	if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
		defer c.Close()
		select {}
	}
}

// listensAt is where a target of the given behaviour listens that was told an address.
func listensAt(how, address string) string {
	switch how {
	case "everywhere":
		return strings.Replace(address, "127.0.0.1", "0.0.0.0", 1)
	case "two doors":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		_ = l // open as long as the process lives
	}
	return address
}

// bystander is somebody on this machine whom nobody named. It counts who comes.
func bystander(t *testing.T) (where string, came func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var mu sync.Mutex
	n := 0
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			n++
			mu.Unlock()
			_ = c.Close()
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	return l.Addr().String(), func() int { mu.Lock(); defer mu.Unlock(); return n }
}

// closes skips a test where the kernel cannot close the way out.
func closes(t *testing.T) {
	t.Helper()
	if err := egress.Possible(); err != nil {
		t.Skip(err)
	}
}

func TestARunEndsAtTheFirstCallOfSomebodyWhomNobodyNamed(t *testing.T) {
	t.Parallel()
	closes(t)
	for _, how := range []string{"calls ", "calls at its start "} {
		t.Run(how, func(t *testing.T) {
			where, came := bystander(t)
			first, second := scenario(how+where), scenario("fine")
			first.World.Data, second.World.Data = database.DataSet{}, database.DataSet{}
			cfg := config(t)
			_, err := harness.Run(t.Context(), cfg, []harness.Scenario{first})
			require.NoError(t, err)
			require.Positive(t, came(), "the harm: an open way out is taken")
			before := came()

			cfg = config(t)
			cfg.Target.Closed = true
			run, err := harness.Run(t.Context(), cfg, []harness.Scenario{first, second})
			require.NoError(t, err)
			require.Len(t, run.Scenarios, 1, "the run ended")
			require.Equal(t, result.Fail, run.Verdict)
			require.Contains(t, run.Scenarios[0].Reason, where)
			require.Contains(t, run.Scenarios[0].Reason, "--allow-host "+where)
			require.Equal(t, before, came(), "nobody was reached")

			cfg = config(t)
			cfg.Target.Closed, cfg.Target.AllowHosts = true, []string{"127.0.0.1"}
			_, err = harness.Run(t.Context(), cfg, []harness.Scenario{first})
			require.NoError(t, err)
			require.Greater(t, came(), before, "who was named is reached")
		})
	}
}

// What was given to the target is reached: its database here.
func TestBehindAGateTheTargetHasItsDependencies(t *testing.T) {
	t.Parallel()
	closes(t)
	s := scenario("fine")
	cfg := config(t)
	cfg.Target.Closed, cfg.Retries = true, patience
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s})
	require.NoError(t, err)
	undisturbed(t, run.Scenarios[0])
	require.Equal(t, result.Pass, run.Verdict, run.Reason)
}

func TestWhereATargetMayNotListen(t *testing.T) {
	t.Parallel()
	closes(t)
	for how, want := range map[string]string{"everywhere": "not on loopback alone", "two doors": "which it was not told to"} {
		t.Run(how, func(t *testing.T) {
			s := scenario(how)
			s.World.Data = database.DataSet{}
			run, err := harness.Run(t.Context(), config(t), []harness.Scenario{s})
			require.NoError(t, err)
			require.NotEmpty(t, run.Scenarios[0].Streams, "the harm: it is open to others while it is tried")

			cfg := config(t)
			cfg.Target.Closed = true
			run, err = harness.Run(t.Context(), cfg, []harness.Scenario{s, s})
			require.NoError(t, err)
			require.Len(t, run.Scenarios, 1, "the run ended")
			require.Empty(t, run.Scenarios[0].Streams, "before there was load")
			require.Equal(t, result.Fail, run.Verdict)
			require.Contains(t, run.Scenarios[0].Reason, "the target listens on ")
			require.Contains(t, run.Scenarios[0].Reason, want)
			require.Contains(t, run.Scenarios[0].Reason, "{host} and {port}", "it says what to do")
		})
	}
}

// What prepares the data is closed like the target: a seed that reaches the real API
// is as bad as a request that does.
func TestASetupReachesNobodyElse(t *testing.T) {
	t.Parallel()
	closes(t)
	where, came := bystander(t)
	_, port, err := net.SplitHostPort(where)
	require.NoError(t, err)
	s := scenario("fine")
	s.World.Data = database.DataSet{}
	s.World.Each = []harness.SetupStep{{Step: step.Step{Run: []string{"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/" + port}}}}
	run, err := harness.Run(t.Context(), config(t), []harness.Scenario{s})
	require.NoError(t, err)
	require.Equal(t, 1, came(), "the harm: an open way out is taken")
	require.NotEqual(t, result.Fail, run.Verdict, run.Reason)

	cfg := config(t)
	cfg.Target.Closed = true
	run, err = harness.Run(t.Context(), cfg, []harness.Scenario{s})
	require.NoError(t, err)
	require.Equal(t, result.Fail, run.Verdict)
	require.Contains(t, run.Scenarios[0].Reason, where)
	require.Equal(t, 1, came())

	s.World.Data, s.World.Once, s.World.Each = scenario("fine").World.Data, s.World.Each, nil
	s.World.Data.Key = "harness-test-seed-that-calls"
	run, err = harness.Run(t.Context(), cfg, []harness.Scenario{scenario("good"), s, s})
	require.NoError(t, err)
	require.Equal(t, result.Fail, run.Verdict)
	require.Equal(t, s.Name, run.Scenarios[0].Name, "the first that needed it")
	require.Contains(t, run.Scenarios[0].Reason, where+" over tcp, which nobody named")
	require.Equal(t, "standing.nowhere", run.Scenarios[0].Checks[0].Metric)
	require.Equal(t, 1, came())
}

// A breach ends those, too, that go on beside it: what their targets would call next is
// known to nobody.
func TestABreachEndsAllThatGoOn(t *testing.T) {
	t.Parallel()
	closes(t)
	where, _ := bystander(t)
	var both meeting
	together := func(context.Context, harness.State) error { return both.wait(2) }
	caller, long := scenario("calls "+where), scenario("fine")
	long.Name, long.Timeline = "test/long", harness.Timeline{Baseline: 5 * time.Minute}
	long.Load[0].Profile = load.Constant(50, 5*time.Minute)
	for _, s := range []*harness.Scenario{&caller, &long} {
		s.World = harness.World{Prepare: together}
	}
	cfg := config(t)
	cfg.Target.Closed, cfg.SideBySide = true, 2
	start := time.Now()
	run, err := harness.Run(t.Context(), cfg, []harness.Scenario{caller, long})
	require.NoError(t, err)
	require.Less(t, time.Since(start), 4*time.Minute)
	require.Equal(t, result.Fail, run.Scenarios[0].Verdict)
	require.Equal(t, result.Inconclusive, run.Scenarios[1].Verdict)
	ran := run.Scenarios[1].Evidence[slices.IndexFunc(run.Scenarios[1].Evidence, func(c result.Check) bool { return c.Name == "ran to its end" })]
	require.Contains(t, ran.Reason, "the run ended: ")
	require.Contains(t, ran.Reason, where)
}

// cagedVariable makes this test binary run one test behind a gate of its own, so that
// no further one can be closed there: as on a machine whose kernel cannot.
const cagedVariable = "TEST_CAGED"

func TestWhereNoWayOutCanBeClosedTheRunEndsAllTheSame(t *testing.T) {
	if where := os.Getenv(cagedVariable); where != "" {
		require.Error(t, egress.Possible(), "this is what the test is about")
		s := scenario("holds " + where)
		s.World.Data = database.DataSet{}
		cfg := config(t)
		cfg.Target.Closed = true
		run, err := harness.Run(t.Context(), cfg, []harness.Scenario{s, s})
		require.NoError(t, err)
		require.Len(t, run.Scenarios, 1, "the run ended")
		require.Equal(t, result.Fail, run.Verdict)
		require.Contains(t, run.Scenarios[0].Reason, where)
		return
	}
	closes(t)
	where, came := bystander(t)
	gate, err := egress.Open("HOLDFAST_RUN=none", func(egress.Contact) {})
	require.NoError(t, err)
	defer func() { require.NoError(t, gate.Close()) }()
	gate.AllowHost("127.0.0.1")
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "-test.run", "^"+t.Name()+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), cagedVariable+"="+where)
	var out []byte
	over := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is behind the gate
		over <- gate.Start("the test", func() (err error) { out, err = cmd.CombinedOutput(); return err })
	}()
	require.NoError(t, <-over, string(out))
	require.Positive(t, came(), "the harm: what is only looked at gets through")
}
