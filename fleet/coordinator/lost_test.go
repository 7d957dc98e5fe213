package coordinator_test

import (
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/fleet/broker"
	"holdfast.dev/holdfast/fleet/coordinator"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// Terms that are short enough for a test, and long enough for a machine that has more to
// do: no worker but the one that is hit may be silent for so long. A load lasts three of
// them. What becomes of a broker's load does not depend on it.
const (
	lossTerm   = 3 * time.Second
	brokerTerm = time.Second
)

// loss is what came of a load of which a worker was lost.
type loss struct {
	far     *target
	said    *notes
	fleet   *result.Fleet
	sent    result.Counts
	planned int64
	rate    float64
	hitAt   time.Time // when the worker was hit
	start   time.Time
}

// fewPerSecond is a load for a machine that has more to do.
const fewPerSecond = 300

// lossOf has three processes send load for a time, does something to one of them after three
// tenths of it, and returns what came of it.
func lossOf(t *testing.T, rate float64, term time.Duration, policy fleet.Policy, d time.Duration, hit func(t *testing.T, signal func(syscall.Signal))) loss {
	t.Helper()
	far, b := newTarget(t), own(t)
	victim := workerProcess(t, b, "w1")
	workerProcess(t, b, "w2")
	workerProcess(t, b, "w3")
	c, said := open(t, coordinator.Options{Broker: b, Workers: 3, Term: term, Policy: policy})
	s := steady(rate, d)
	s.MaxLag = load.DefaultMaxLag
	sending, start := begin(t, c, load.Config{BaseURL: far.URL}, s)
	time.Sleep(time.Until(start.Add(d * 3 / 10))) // the moment of the harm, and no synchronisation
	l := loss{far: far, said: said, start: start, rate: rate, planned: load.Planned(s.Profile), hitAt: time.Now()}
	hit(t, func(s syscall.Signal) { require.NoError(t, victim.Process.Signal(s)) })
	l.sent = sending.Wait()[0].Counts
	l.fleet = fleetOf(t, sending)
	return l
}

// holds checks what must be so whatever becomes of a worker, on however busy a machine.
func (l loss) holds(t *testing.T) {
	t.Helper()
	ids := l.far.ids(t) // none twice
	var planned, sent, lost, unknown, hole int64
	for _, s := range l.fleet.Spans {
		planned, sent, lost, unknown, hole = planned+s.Planned, sent+s.Sent, lost+s.Lost, unknown+s.Unknown, hole+s.Hole
	}
	require.Equal(t, l.planned, planned, "the books add up to the plan")
	require.GreaterOrEqual(t, int64(len(ids)), sent, "what is said to be sent has arrived: %+v", l.fleet.Spans)
	require.LessOrEqual(t, int64(len(ids)), sent+lost+unknown, "what is said not to be sent has not: %+v", l.fleet.Spans)
	require.Equal(t, l.sent.Planned, l.sent.Sent+l.sent.Late+l.sent.Shed+l.sent.Unsent)
	require.Positive(t, lost+unknown+hole, "something is missing, and said to be: %+v", l.fleet.Spans)
	m := harness.Measurement{Load: &harness.LoadSeen{Fleet: l.fleet}}
	out := harness.Conclude(harness.Scenario{}, m)
	require.NotEqual(t, result.Pass, out.Verdict)
}

func (l loss) lost(t *testing.T) result.Worker {
	t.Helper()
	for _, w := range l.fleet.Workers {
		if w.LostAtS != nil {
			return w
		}
	}
	t.Fatalf("no worker was lost: %+v, %s", l.fleet, l.said)
	return result.Worker{}
}

// took returns the span in which another has taken the victim's lane over.
func (l loss) took(t *testing.T) result.LaneSpan {
	t.Helper()
	for i, s := range l.fleet.Spans {
		if i > 0 && l.fleet.Spans[i-1].Lane == s.Lane && l.fleet.Spans[i-1].Worker == "w1" {
			return s
		}
	}
	t.Fatalf("nobody took the lane over: %+v, %s", l.fleet.Spans, l.said)
	return result.LaneSpan{}
}

func TestAWorkerThatIsKilledIsAHoleAndATakeOver(t *testing.T) {
	t.Parallel()
	l := lossOf(t, fewPerSecond, lossTerm, fleet.TakeOver, 3*lossTerm, func(_ *testing.T, signal func(syscall.Signal)) { signal(syscall.SIGKILL) })
	l.holds(t)
	require.Equal(t, "w1", l.lost(t).Name)
	took := l.took(t)
	require.NotEqual(t, "w1", took.Worker)
	require.Positive(t, took.Sent)
}

// Where nobody is left who could go on, nobody waits for the end of the plan.
func TestALoadEndsWhereNoWorkerIsLeft(t *testing.T) {
	t.Parallel()
	far, b := newTarget(t), own(t)
	workers := []*exec.Cmd{workerProcess(t, b, "w1"), workerProcess(t, b, "w2")}
	c, said := open(t, coordinator.Options{Broker: b, Workers: 2, Term: brokerTerm})
	s := steady(100, 10*time.Minute)
	sending, start := begin(t, c, load.Config{BaseURL: far.URL}, s)
	time.Sleep(time.Until(start.Add(time.Second))) // the moment of the harm, and no synchronisation
	for _, w := range workers {
		require.NoError(t, w.Process.Kill())
	}
	counts := sending.Wait()[0].Counts
	require.Less(t, time.Since(start), time.Minute, "%s", said)
	require.Equal(t, counts.Planned, counts.Sent+counts.Late+counts.Shed+counts.Unsent)
	require.Len(t, fleetOf(t, sending).Workers, 2)
}

// A worker that is frozen and thawed is past its fence: it sends nothing of what another
// sends now.
func TestAWorkerThatIsFrozenAndThawedSendsNothingTwice(t *testing.T) {
	t.Parallel()
	l := lossOf(t, fewPerSecond, lossTerm, fleet.TakeOver, 3*lossTerm, func(_ *testing.T, signal func(syscall.Signal)) {
		signal(syscall.SIGSTOP)
		time.Sleep(lossTerm * 4 / 3) // that is how long it is frozen
		signal(syscall.SIGCONT)
	})
	l.holds(t)
	require.Positive(t, l.took(t).Sent)
}

func TestWhatIsDoneAboutALostWorkerIsAsAskedFor(t *testing.T) {
	t.Parallel()
	for _, policy := range []fleet.Policy{fleet.Shrink, fleet.Fail} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			const d = 3 * lossTerm
			l := lossOf(t, fewPerSecond, lossTerm, policy, d, func(_ *testing.T, signal func(syscall.Signal)) { signal(syscall.SIGKILL) })
			l.holds(t)
			if len(slices.DeleteFunc(l.fleet.Workers, func(w result.Worker) bool { return w.LostAtS == nil })) > 1 {
				return // this machine is too busy for the others as well
			}
			require.Len(t, l.fleet.Spans, 3, "nobody takes the lane over")
			last := l.far.seen()[len(l.far.seen())-1].at.Sub(l.start)
			if policy == fleet.Shrink {
				require.Greater(t, last, d-500*time.Millisecond, "the others go on")
			} else {
				require.Less(t, last, d-100*time.Millisecond, "the load has ended")
			}
		})
	}
}

// brokerProcess is a broker that can be killed.
func brokerProcess(t *testing.T) (b broker.Options, signal func(syscall.Signal)) {
	t.Helper()
	cmd := child(t, "broker")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	_, err = cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line := make([]byte, 256)
	n, err := io.ReadAtLeast(out, line, 40)
	require.NoError(t, err)
	words := strings.Fields(string(line[:n]))
	require.Len(t, words, 2)
	return broker.Options{URL: words[0], Token: words[1]}, func(s syscall.Signal) { require.NoError(t, cmd.Process.Signal(s)) }
}

// Whatever happens to the broker, the load ends within a few terms, says why, and is no
// pass.
func TestABrokerThatFailsEndsTheLoadWithItsReason(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		harm func(t *testing.T, signal func(syscall.Signal), c *coordinator.Coordinator)
		says string // or, on a machine that is too busy, that the broker does not answer
	}{
		"killed": {func(_ *testing.T, signal func(syscall.Signal), _ *coordinator.Coordinator) { signal(syscall.SIGKILL) }, "broker"},
		"frozen": {func(_ *testing.T, signal func(syscall.Signal), _ *coordinator.Coordinator) { signal(syscall.SIGSTOP) }, "broker"},
		"full": {func(t *testing.T, _ func(syscall.Signal), c *coordinator.Coordinator) {
			require.NoError(t, c.Fill(t.Context()))
		}, "cannot tell what it sends"},
		"emptied, as by a restart": {func(t *testing.T, _ func(syscall.Signal), c *coordinator.Coordinator) {
			require.NoError(t, c.Forget(t.Context()))
		}, "the broker has lost the streams of the run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, signal := brokerProcess(t)
			far := newTarget(t)
			workersHere(t, b, named("w1"), named("w2"))
			c, said := open(t, coordinator.Options{Broker: b, Workers: 2, Term: brokerTerm})
			sending, _ := begin(t, c, load.Config{BaseURL: far.URL}, steady(100, time.Hour))
			require.Eventually(t, func() bool { return len(far.seen()) > 20 }, 20*time.Second, 5*time.Millisecond)
			row.harm(t, signal, c)
			tallies := sending.Wait() // it returns
			f := fleetOf(t, sending)
			if !strings.Contains(f.Broken, "the broker does not answer") {
				require.Contains(t, f.Broken, row.says, said)
			}
			require.Less(t, tallies[0].Sent, tallies[0].Planned)
			out := harness.Conclude(harness.Scenario{}, harness.Measurement{Load: &harness.LoadSeen{Fleet: f}})
			require.NotEqual(t, result.Pass, out.Verdict)
			signal(syscall.SIGCONT)
			quiet(t, far, brokerTerm)
		})
	}
}

// quiet waits until nothing arrives at a target any more.
func quiet(t *testing.T, far *target, term time.Duration) {
	t.Helper()
	require.Eventually(t, func() bool {
		all := far.seen()
		return len(all) == 0 || time.Since(all[len(all)-1].at) > 2*term
	}, 30*time.Second, 20*time.Millisecond, "load still arrives")
}

// What a killed run has left at a broker, which has room for two, goes with the next
// there, and nothing of one that lives.
func TestWhatAKilledRunLeftIsSwept(t *testing.T) {
	t.Parallel()
	b := own(t)
	workersHere(t, b, named("w1"), named("w2"), named("w3"), named("w4"))
	of := func(run string) coordinator.Options { return coordinator.Options{Run: run, Broker: b, Workers: 1} }
	refused := func(o coordinator.Options) {
		_, err := coordinator.Open(t.Context(), o)
		require.ErrorContains(t, err, "insufficient memory")
	}
	killed, _ := open(t, of("killed"))
	open(t, of("alive"))
	refused(of("third").SweptAt(time.Nanosecond)) // both live
	killed.Vanish()
	refused(of("third")) // both are younger than a minute, and may have to begin yet
	_, said := open(t, of("third").SweptAt(time.Nanosecond))
	require.Equal(t, 1, strings.Count(said.String(), "cleared what run"), said)
	require.Contains(t, said.String(), "cleared what run killed left at the broker")
	refused(of("fourth").SweptAt(time.Nanosecond))
}

func TestLoadEndsWithItsCoordinator(t *testing.T) {
	t.Parallel()
	b, far := own(t), newTarget(t)
	workersHere(t, b, named("w1"), named("w2"))
	c, _ := open(t, coordinator.Options{Broker: b, Workers: 2, Term: lossTerm})
	sending, _ := begin(t, c, load.Config{BaseURL: far.URL}, steady(100, time.Hour))
	require.Eventually(t, func() bool { return len(far.seen()) > 20 }, 20*time.Second, 5*time.Millisecond)
	gone := time.Now()
	c.Vanish()
	quiet(t, far, lossTerm)
	all := far.seen()
	require.Less(t, all[len(all)-1].at.Sub(gone), 3*lossTerm, "on a calm machine it is one term")
	sending.Wait()
	require.NotEmpty(t, fleetOf(t, sending).Broken)
}
