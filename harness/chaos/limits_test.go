package chaos

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/target"
)

// hungry is a target that burns a processor, or holds more and more memory from the
// first request on.
func hungry(role string) {
	grow := sync.OnceFunc(func() {
		go func() {
			for held := [][]byte{}; ; time.Sleep(5 * time.Millisecond) {
				held = append(held, bytes.Repeat([]byte{1}, 1<<20))
				runtime.KeepAlive(held)
			}
		}()
	})
	if role == "burn" {
		go func() {
			for {
			}
		}()
	}
	http.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/grow", func(http.ResponseWriter, *http.Request) { grow() })
	fmt.Println(http.ListenAndServe(os.Getenv("LISTEN_ADDR"), nil))
}

// startHungry starts one. Where no process can be limited the test is skipped.
func startHungry(t *testing.T, role string) *target.Runner {
	t.Helper()
	journal, _ := openJournal(t)
	p, err := target.NewProcess(target.ProcessConfig{Command: os.Args[0], Program: target.Program{
		Env: map[string]string{childRole: role}, Start: time.Now(), Journal: journal,
	}})
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context()))
	t.Cleanup(func() {
		_, err := p.Stop(t.Context())
		require.NoError(t, err)
	})
	if _, err := p.Pressure(); err != nil {
		t.Skip(err)
	}
	return p
}

func calibrateStarve(t *testing.T) {
	p := startHungry(t, "burn")
	applied := apply(t, NewSignals(p, nil), fault.Starve{CPUs: 0.1})
	pid, _ := p.PID()
	before := used(t, pid)
	time.Sleep(time.Second)
	got := used(t, pid) - before
	require.Greater(t, got, 30*time.Millisecond)
	require.Less(t, got, 200*time.Millisecond, "a tenth of a second, and what it had left of a period")
	undoFault(t, applied)
	r := applied.Receipt()
	require.Greater(t, r.Fired, int64(5), "of some ten periods")
	require.EqualValues(t, 1, r.Touched)
	after, err := p.Pressure()
	require.NoError(t, err)
	time.Sleep(200 * time.Millisecond)
	now, err := p.Pressure()
	require.NoError(t, err)
	require.LessOrEqual(t, now.ThrottledPeriods, after.ThrottledPeriods+1, "it waits no more")
}

func calibrateSqueeze(t *testing.T) {
	p := startHungry(t, "grow")
	applied := apply(t, NewSignals(p, nil), fault.Squeeze{Bytes: 48 << 20})
	resp, err := http.Get(p.URL() + "/grow")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	<-p.Exited()
	undoFault(t, applied)
	require.Positive(t, applied.Receipt().Fired)
	require.Contains(t, applied.Receipt().Measured, "the kernel killed 1 for memory")
	ends := p.Ends()
	require.Equal(t, "killed", ends[len(ends)-1].Signal, "the kernel killed it")
}

// used is the processor's time that a process has used.
func used(t *testing.T, pid int32) time.Duration {
	t.Helper()
	fields, err := statFields(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	var user, system int
	_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	require.NoError(t, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// counting is a process whose limits and counters a test has in hand.
type counting struct {
	*process
	mu     sync.Mutex
	laid   []float64
	now    target.Pressure
	absent error
}

func (c *counting) LimitCPU(cpus float64) error {
	c.laid = append(c.laid, cpus)
	return c.absent
}
func (c *counting) LimitMemory(bytes uint64) error { return c.LimitCPU(float64(bytes)) }
func (c *counting) Pressure() (target.Pressure, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now, nil
}

func (c *counting) are(p target.Pressure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = p
}

func TestWhatALimitDidIsCountedOverAllLives(t *testing.T) {
	c := &counting{process: startChild(t), now: target.Pressure{Periods: 50, ThrottledPeriods: 9}}
	applied := apply(t, NewSignals(c, nil), fault.Starve{CPUs: 0.5})
	counts := func(want int64) func() bool { return func() bool { return applied.Receipt().Fired == want } }
	c.are(target.Pressure{Periods: 60, ThrottledPeriods: 12})
	require.Eventually(t, counts(3), 5*time.Second, time.Millisecond, "what was there before is not its doing")
	c.are(target.Pressure{Periods: 5, ThrottledPeriods: 4})
	require.Eventually(t, counts(7), 5*time.Second, time.Millisecond, "another life counts anew")
	undoFault(t, applied)
	c.are(target.Pressure{Periods: 90, ThrottledPeriods: 80})
	require.EqualValues(t, 7, applied.Receipt().Fired, "and no more once it is undone")
	require.Equal(t, []float64{0.5, 0}, c.laid[:2])

	c = &counting{process: startChild(t)}
	applied = apply(t, NewSignals(c, nil), fault.Squeeze{Bytes: 4096})
	c.are(target.Pressure{MemoryHits: 2, OOMKills: 1})
	undoFault(t, applied)
	require.Contains(t, applied.Receipt().Measured, "met 2 times; the kernel killed 1 for memory")
}

func TestAProcessThatCannotBeLimitedSaysSo(t *testing.T) {
	_, err := NewSignals(startChild(t), nil).Apply(t.Context(), fault.Fault{Kind: fault.Starve{CPUs: 0.5}})
	require.ErrorIs(t, err, ErrNoLimits)
	c := &counting{process: startChild(t), absent: target.ErrNoMemoryLimit}
	_, err = NewSignals(c, nil).Apply(t.Context(), fault.Fault{Kind: fault.Squeeze{Bytes: 1}})
	require.ErrorIs(t, err, target.ErrNoMemoryLimit)
}
