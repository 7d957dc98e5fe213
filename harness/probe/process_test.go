package probe

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// childVariable makes this test binary play the process that is looked at.
const childVariable = "PROBE_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		playChild()
		return
	}
	goleak.VerifyTestMain(m)
}

const peakBytes = 50_000_000

// playChild does what it is told, one line after the other.
func playChild() {
	var worker *exec.Cmd
	var kept []any // so that nothing is closed for being forgotten
	if os.Getenv(childVariable) == "worker" {
		block := make([]byte, peakBytes)
		for i := 0; i < len(block); i += os.Getpagesize() {
			block[i] = 1
		}
		kept = append(kept, block)
	}
	fmt.Println("here")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); fmt.Println("done") {
		what, where, _ := strings.Cut(in.Text(), " ")
		switch what {
		case "worker":
			worker = exec.Command(os.Args[0])
			worker.Env = []string{childVariable + "=worker"}
			_, _ = worker.StdinPipe()
			out, _ := worker.StdoutPipe()
			if err := worker.Start(); err != nil {
				panic(err)
			}
			_, _ = bufio.NewReader(out).ReadString('\n')
		case "end":
			_ = worker.Process.Kill()
			_ = worker.Wait()
		case "dial", "udp":
			conn, err := net.Dial(map[string]string{"dial": "tcp", "udp": "udp"}[what], where)
			if err != nil {
				panic(err)
			}
			kept = append(kept, conn)
		case "listen":
			l, err := net.Listen("tcp", where)
			if err != nil {
				panic(err)
			}
			kept = append(kept, l)
		case "call":
			go func() { _, _ = net.Dial("tcp", where) }()
		case "peak": // for 120 ms, and given back to the kernel at once
			block, err := syscall.Mmap(-1, 0, peakBytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
			if err != nil {
				panic(err)
			}
			for i := 0; i < len(block); i += os.Getpagesize() {
				block[i] = 1
			}
			time.Sleep(120 * time.Millisecond)
			_ = syscall.Munmap(block)
		case "busy":
			for began := time.Now(); time.Since(began) < 500*time.Millisecond; {
			}
		case "open":
			for range 10 {
				_, _, _ = os.Pipe()
			}
		}
	}
	runtime.KeepAlive(kept)
}

// child is a process to look at.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startChild(t *testing.T) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = []string{childVariable + "=1", "GOGC=off"}
	var err error
	c.in, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	c.out = bufio.NewReader(out)
	require.NoError(t, c.cmd.Start())
	t.Cleanup(c.kill)
	_, err = c.out.ReadString('\n')
	require.NoError(t, err)
	return c
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

func (c *child) tell(t *testing.T, what string) {
	t.Helper()
	_, err := io.WriteString(c.in, what+"\n")
	require.NoError(t, err)
	_, err = c.out.ReadString('\n')
	require.NoError(t, err)
}

func (c *child) pid() (int32, bool) { return int32(c.cmd.Process.Pid), true }

// one takes a single sample.
func one(t *testing.T, p Probe) []float64 {
	t.Helper()
	values, err := p.Sample(t.Context())
	require.NoError(t, err)
	require.Len(t, values, len(p.Series()))
	return values
}

func closed(t *testing.T, p Probe) {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, p.(io.Closer).Close()) })
}

func TestAShortPeakOfMemoryIsSeenAndTheKernelsMarkAgrees(t *testing.T) {
	c := startChild(t)
	start := time.Now()
	s, err := Start(t.Context(), start, Memory(NewTree(TreeConfig{Root: c.pid})))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Snapshot().Health[0].Samples > 0 }, 30*time.Second, time.Millisecond)
	before := time.Since(start)
	c.tell(t, "peak")
	after := time.Since(start)
	taken := s.Snapshot().Health[0].Attempts
	require.Eventually(t, func() bool { return s.Snapshot().Health[0].Attempts > taken+1 }, 30*time.Second, time.Millisecond)
	r := s.Stop()

	quiet, ok := r.Window("target.rss", 0, before)
	require.True(t, ok)
	rss, _ := r.Window("target.rss", before, after)
	mark, _ := r.Window("target.rss_peak", after, r.End)
	require.GreaterOrEqual(t, rss.N, int64(2), "two samples of a peak of 120 ms")
	require.Greater(t, rss.Max, quiet.Max+0.9*peakBytes)
	require.GreaterOrEqual(t, mark.Max, rss.Max, "the mark misses nothing that a sample saw")
	require.InDelta(t, rss.Max, mark.Max, 0.1*peakBytes)
	last, _ := r.Window("target.rss", after+every, r.End)
	if last.N > 0 {
		require.Less(t, last.Last, rss.Max-0.9*peakBytes, "and it is over")
	}
}

func TestAProcessThatIsGoneLeavesAGapAndItsSuccessorIsFollowed(t *testing.T) {
	first, second := startChild(t), startChild(t)
	now, running := first, true
	pid := func() (int32, bool) { p, _ := now.pid(); return p, running }
	for name, p := range map[string]Probe{"memory": Memory(NewTree(TreeConfig{Root: pid})), "process": Process(NewTree(TreeConfig{Root: pid}))} {
		t.Run(name, func(t *testing.T) {
			if c, ok := p.(io.Closer); ok {
				defer c.Close()
			}
			now, running = second, true
			require.Greater(t, one(t, p)[1], 0.0)
			running = false
			for _, v := range one(t, p) {
				require.True(t, math.IsNaN(v), "it is said not to run")
			}
			victim := startChild(t)
			now, running = victim, true
			require.Greater(t, one(t, p)[1], 0.0)
			victim.kill()
			for _, v := range one(t, p) {
				require.True(t, math.IsNaN(v), "its process has ended")
			}
			now = first
			require.Greater(t, one(t, p)[1], 0.0, "the next one is measured")
		})
	}
}

func TestADeadProcessThatNobodyReapedIsAGap(t *testing.T) {
	c := startChild(t)
	p := Memory(NewTree(TreeConfig{Root: c.pid}))
	closed(t, p)
	require.Greater(t, one(t, p)[0], 0.0)
	require.NoError(t, c.cmd.Process.Kill())
	require.Eventually(t, func() bool { return math.IsNaN(one(t, p)[0]) }, 30*time.Second, time.Millisecond)
}

func TestCPUIsMeasuredInCoresSinceTheSampleBefore(t *testing.T) {
	c := startChild(t)
	p := Process(NewTree(TreeConfig{Root: c.pid}))
	require.True(t, math.IsNaN(one(t, p)[0]), "the first has nothing to compare with")
	c.tell(t, "busy") // half a second of one core, if it gets one
	busy := one(t, p)[0]
	require.Greater(t, busy, 0.01)
	require.Less(t, busy, 1.5)
	time.Sleep(100 * time.Millisecond) // the time that is measured
	require.Less(t, one(t, p)[0], busy/2)
}

func TestCPUOfAnotherProcessIsNotTakenForGrowth(t *testing.T) {
	var m cpuMeter
	now := time.Now()
	require.True(t, math.IsNaN(m.rate(1, time.Second, now)))
	require.InDelta(t, 0.5, m.rate(1, 2*time.Second, now.Add(2*time.Second)), 1e-9)
	require.True(t, math.IsNaN(m.rate(2, 3*time.Second, now.Add(3*time.Second))), "another process")
	require.True(t, math.IsNaN(m.rate(2, time.Second, now.Add(4*time.Second))), "the same number again")
	require.True(t, math.IsNaN(m.rate(2, time.Second, now.Add(4*time.Second))), "no time in between")
	require.Zero(t, m.rate(2, time.Second, now.Add(5*time.Second)), "idle is no gap")
}

func TestThreadsAndOpenFilesAreCounted(t *testing.T) {
	c := startChild(t)
	p := Process(NewTree(TreeConfig{Root: c.pid}))
	before := one(t, p)
	c.tell(t, "open")
	after := one(t, p)
	require.GreaterOrEqual(t, after[1], 1.0)
	require.InDelta(t, before[2]+20, after[2], 4, "ten pipes, and whatever the runtime opened")
}

func TestTheMachineAndTheHarnessAreMeasured(t *testing.T) {
	p := Machine()
	closed(t, p)
	first := one(t, p)
	require.True(t, math.IsNaN(first[0]))
	for began := time.Now(); time.Since(began) < 200*time.Millisecond; {
	}
	v := map[string]float64{}
	for i, value := range one(t, p) {
		v[p.Series()[i].Name] = value
	}
	require.Greater(t, v["machine.cpu"], 0.0)
	require.LessOrEqual(t, v["machine.cpu"], 1.0)
	require.GreaterOrEqual(t, v["machine.steal"], 0.0)
	require.LessOrEqual(t, v["machine.cpu"]+v["machine.steal"], 1.0+1e-9)
	require.Greater(t, v["harness.cpu"], 0.05)
	require.Greater(t, v["harness.rss"], 1e6)
	require.Greater(t, v["machine.memory_available"], v["harness.rss"])
	require.GreaterOrEqual(t, v["machine.load1"], 0.0)
}

func TestTheMachinesShareIsOfTheTimeBetweenTwoReadings(t *testing.T) {
	before := cpu.TimesStat{User: 100, System: 10, Idle: 500, Iowait: 5, Steal: 1, Guest: 50}
	after := cpu.TimesStat{User: 102, System: 11, Idle: 505, Iowait: 6, Steal: 2, Guest: 52}
	busy, steal := share(before, after)
	require.InDelta(t, 0.3, busy, 1e-9, "guest time is not counted twice, waiting for a disk is idle")
	require.InDelta(t, 0.1, steal, 1e-9)
	busy, steal = share(cpu.TimesStat{}, after)
	require.True(t, math.IsNaN(busy) && math.IsNaN(steal))
	busy, _ = share(after, after)
	require.True(t, math.IsNaN(busy))
}
