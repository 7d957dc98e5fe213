//go:build fleet

// What takes minutes, and a machine that is not busy with anything else: make fleet.
package coordinator_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fleet"
	"holdfast.dev/holdfast/fleet/broker"
	"holdfast.dev/holdfast/fleet/coordinator"
	"holdfast.dev/holdfast/fleet/worker"
	"holdfast.dev/holdfast/harness/load"
)

// tries is how often each harm is done.
func tries() int {
	if n, err := strconv.Atoi(os.Getenv("FLEET_TRIES")); err == nil {
		return n
	}
	return 20
}

// laneOf is the lane of a request by its name, x/N, of three.
func laneOf(id string) int {
	n, _ := strconv.Atoi(id[strings.IndexByte(id, '/')+1:])
	return n % 3
}

// timed checks what a calm machine must be in time for.
func (l loss) timed(t *testing.T) {
	t.Helper()
	took := l.took(t)
	first := time.Duration(0)
	for _, a := range l.far.seen() {
		due := a.at.Sub(l.start)
		if laneOf(a.id) == took.Lane && due.Seconds() >= took.FromS {
			first = a.at.Sub(l.hitAt)
			break
		}
	}
	reported, ok := l.said.when("worker w1 was lost")
	require.True(t, ok, l.said)
	share := float64(len(l.far.seen())) / float64(l.planned)
	before, after := l.peaks()
	t.Logf("reported after %s, first request of the take-over after %s, %.1f %% delivered, at most %.0f %% of the plan in 100 ms, %.0f %% before",
		reported.Sub(l.hitAt).Round(time.Millisecond), first.Round(time.Millisecond), 100*share, 100*after, 100*before)
	require.Less(t, reported.Sub(l.hitAt), 2*time.Second)
	require.Less(t, first, 2*time.Second)
	require.GreaterOrEqual(t, share, 0.95)
}

// manyPerSecond are so many that what arrives within 100 ms says how much load there is, and
// not how a few requests happen to fall.
const manyPerSecond = 1_500

// peaks are the most that arrived within 100 ms before and after the harm, as a share of what
// is planned then.
func (l loss) peaks() (before, after float64) {
	var at []time.Duration
	for _, a := range l.far.seen() {
		at = append(at, a.at.Sub(l.start))
	}
	slices.Sort(at)
	hit, from := l.hitAt.Sub(l.start), 0
	for i := range at {
		for at[i]-at[from] > 100*time.Millisecond {
			from++
		}
		share := float64(i-from+1) / (l.rate / 10)
		if at[i] < hit {
			before = max(before, share)
		} else {
			after = max(after, share)
		}
	}
	return before, after
}

// bounded checks that nobody sends what another sends, too.
func (l loss) bounded(t *testing.T) {
	t.Helper()
	before, after := l.peaks()
	require.LessOrEqual(t, after, 1.1+2.0/30, "the target's peak, but for some jitter; before the harm it was %.2f", before)
}

func TestWorkersAreKilledOften(t *testing.T) {
	for range tries() {
		l := lossOf(t, manyPerSecond, time.Second, fleet.TakeOver, 10*time.Second, func(_ *testing.T, signal func(syscall.Signal)) { signal(syscall.SIGKILL) })
		l.holds(t)
		l.timed(t)
	}
}

func TestWorkersAreFrozenOften(t *testing.T) {
	for range tries() {
		l := lossOf(t, manyPerSecond, time.Second, fleet.TakeOver, 10*time.Second, func(_ *testing.T, signal func(syscall.Signal)) {
			signal(syscall.SIGSTOP)
			time.Sleep(2 * time.Second)
			signal(syscall.SIGCONT)
		})
		l.holds(t)
		l.timed(t)
		l.bounded(t)
	}
}

// TestWorkersStartTogether measures how far apart the first requests of three workers are
// whose clocks are minutes apart.
func TestWorkersStartTogether(t *testing.T) {
	for range 5 {
		b, far := own(t), newTarget(t)
		workersHere(t, b, worker.Options{Name: "w1", Clock: wrong(5 * time.Minute)}, worker.Options{Name: "w2", Clock: wrong(-5 * time.Minute)}, named("w3"))
		c, _ := open(t, coordinator.Options{Broker: b, Workers: 3})
		sending, start := begin(t, c, load.Config{BaseURL: far.URL}, steady(300, time.Second))
		sending.Wait()
		var offs []time.Duration
		for lane := range 3 {
			for _, a := range far.seen() {
				if a.id == fmt.Sprintf("x/%d", lane) {
					due := time.Duration(lane) * time.Second / 300
					offs = append(offs, a.at.Sub(start)-due)
				}
			}
		}
		require.Len(t, offs, 3)
		spread := slices.Max(offs) - slices.Min(offs)
		t.Logf("the first requests came %v after they were due: spread %s", offs, spread)
		require.Less(t, spread, 20*time.Millisecond)
	}
}

// TestTwoHundredWorkersAtOneBroker measures what a broker bears, and the traffic per worker.
func TestTwoHundredWorkersAtOneBroker(t *testing.T) {
	const workers = 200
	dir := t.TempDir()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: dir})
	require.NoError(t, err)
	s.Start()
	defer func() { s.Shutdown(); s.WaitForShutdown() }()
	require.True(t, s.ReadyForConnections(10*time.Second))
	b := broker.Options{URL: s.ClientURL()}
	far := newTarget(t)
	var all []worker.Options
	for i := range workers {
		all = append(all, named(fmt.Sprintf("w%03d", i)))
	}
	workersHere(t, b, all...)
	c, said := open(t, coordinator.Options{Broker: b, Workers: workers, Term: 5 * time.Second, Join: time.Minute})
	prepared, err := c.Prepare(t.Context(), load.Config{BaseURL: far.URL}, []load.Stream{steady(1000, 20*time.Second)})
	require.NoError(t, err)
	before, err := s.Varz(nil)
	require.NoError(t, err)
	begun, cpu := time.Now(), cpuTime()
	sending, err := prepared.Start(t.Context(), time.Now().Add(2*time.Second))
	require.NoError(t, err)
	got := sending.Wait()[0]
	took := time.Since(begun)
	after, err := s.Varz(nil)
	require.NoError(t, err)
	per := func(n int64) float64 { return float64(n) / took.Seconds() / workers }
	t.Logf("%d workers for %s: each %.1f messages/s and %.0f bytes/s to the broker, %.1f messages/s and %.0f bytes/s from it; all in this process used %.2f processors",
		workers, took.Round(time.Millisecond), per(after.InMsgs-before.InMsgs), per(after.InBytes-before.InBytes), per(after.OutMsgs-before.OutMsgs), per(after.OutBytes-before.OutBytes), (cpuTime()-cpu).Seconds()/took.Seconds())
	f := fleetOf(t, sending)
	require.Empty(t, f.Broken, said)
	require.Equal(t, got.Planned, got.Sent, "%+v %s", got.Counts, said)
	require.EqualValues(t, got.Sent, len(far.seen()))
	require.NoError(t, prepared.Close())
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestWhatAWorkerCostsMoreThanOneProcess compares the processor time per request of a
// worker with that of a process that sends by itself, at 10,000/s.
func TestWhatAWorkerCostsMoreThanOneProcess(t *testing.T) {
	const rate = 10_000
	d := 10 * time.Second
	var ratios []float64
	for range 3 {
		far := child(t, "target")
		out, err := far.StdoutPipe()
		require.NoError(t, err)
		_, err = far.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, far.Start())
		line := make([]byte, 256)
		n, err := out.Read(line)
		require.NoError(t, err)
		url := strings.TrimSpace(string(line[:n]))

		alone := child(t, "alone", "URL="+url, "RATE="+strconv.Itoa(rate), "FOR="+d.String())
		require.NoError(t, alone.Run())
		here := alone.ProcessState.UserTime() + alone.ProcessState.SystemTime()

		b := own(t)
		one := workerProcess(t, b, "w1")
		c, _ := open(t, coordinator.Options{Broker: b, Workers: 1, Term: time.Second})
		s := load.Stream{Name: "x", Profile: load.Constant(rate, d), Template: &load.Template{Path: "/"}}
		sending, _ := begin(t, c, load.Config{BaseURL: url}, s)
		sent := sending.Wait()[0].Sent
		require.NoError(t, one.Process.Signal(syscall.SIGTERM))
		require.NoError(t, one.Wait())
		there := one.ProcessState.UserTime() + one.ProcessState.SystemTime()
		ratio := there.Seconds() / here.Seconds()
		t.Logf("%d requests: %.2f µs of processor each by itself, %.2f µs as a worker: %.3f times", sent, 1e6*here.Seconds()/float64(rate*10), 1e6*there.Seconds()/float64(rate*10), ratio)
		ratios = append(ratios, ratio)
	}
	slices.Sort(ratios)
	require.Less(t, ratios[1], 1.05, "the median of three")
}

// ip runs iproute2.
func ip(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(context.Background(), "ip", args...).CombinedOutput()
	require.NoError(t, err, "ip %v: %s", args, out)
}

// when is the first time that something was said which contains a text.
func (n *notes) when(text string) (time.Time, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, said := range n.all {
		if strings.Contains(said, text) {
			return n.at[i], true
		}
	}
	return time.Time{}, false
}
