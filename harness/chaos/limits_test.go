package chaos

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
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
			for sum := sha256.Sum256(nil); ; {
				sum = sha256.Sum256(sum[:])
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
	if _, ok := p.CgroupDir("memory"); !ok {
		t.Skip("no cgroup can be made here")
	}
	return p
}

func calibrateStarve(t *testing.T) {
	p := startHungry(t, "burn")
	applied := apply(t, NewSignals(p, nil), fault.Starve{CPUs: 0.1})
	pid, _ := p.PID()
	begun, before := time.Now(), used(t, pid)
	time.Sleep(time.Second)
	got, passed := used(t, pid)-before, time.Since(begun)
	require.Greater(t, got, passed*3/100)
	require.Less(t, got, passed/5, "a tenth of the time, and what it had left of a period")
	undoFault(t, applied)
	r := applied.Receipt()
	require.Greater(t, r.Fired, int64(5), "of some ten periods")
	require.EqualValues(t, 1, r.Touched)
	dir, _ := p.CgroupDir("cpu")
	throttled := kernelCount{"cpu.stat", "nr_throttled"}
	after := throttled.read(dir)
	time.Sleep(200 * time.Millisecond)
	require.LessOrEqual(t, throttled.read(dir), after+1, "it waits no more")
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

// Version 1 of cgroups refuses what version 2 would kill for: that is said.
func TestMemoryThatIsInUseIsNotTakenBack(t *testing.T) {
	p := startHungry(t, "burn")
	dir, _ := p.CgroupDir("memory")
	if _, err := readSetting(dir, "memory.usage_in_bytes"); err != nil {
		t.Skip("cgroups of version 2")
	}
	before, err := readSetting(dir, "memory.limit_in_bytes")
	require.NoError(t, err)
	_, err = NewSignals(p, nil).Apply(t.Context(), fault.Fault{Kind: fault.Squeeze{Bytes: 64 << 10}})
	require.ErrorContains(t, err, "take back nothing that is in use")
	after, err := readSetting(dir, "memory.limit_in_bytes")
	require.NoError(t, err)
	require.Equal(t, before, after)
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

// grouped is a process in a cgroup that a test has in hand.
type grouped struct {
	*process
	mu  sync.Mutex
	dir string // empty: it has none
}

func (g *grouped) CgroupDir(string) (string, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dir, g.dir != ""
}

func (g *grouped) moves(dir string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dir = dir
}

// aGroup is a directory with the files of a group.
func aGroup(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o644))
	}
	return dir
}

func TestALimitIsWrittenInTheFilesOfItsVersionAndTakenBack(t *testing.T) {
	for name, row := range map[string]struct {
		kind             fault.Kind
		before, lower    []string // files and what stands there
		counter, counted string
	}{
		"processors, version 2": {fault.Starve{CPUs: 0.5}, []string{"cpu.max", "max 100000"}, []string{"cpu.max", "50000 100000"}, "cpu.stat", "nr_periods 9\nnr_throttled 7\n"},
		"processors, version 1": {fault.Starve{CPUs: 2}, []string{"cpu.cfs_period_us", "50000", "cpu.cfs_quota_us", "-1"}, []string{"cpu.cfs_period_us", "100000", "cpu.cfs_quota_us", "200000"}, "cpu.stat", "nr_throttled 7"},
		"memory, version 2":     {fault.Squeeze{Bytes: 1 << 20}, []string{"memory.max", "max", "memory.oom.group", "0"}, []string{"memory.max", "1048576", "memory.oom.group", "1"}, "memory.events", "low 0\nmax 7\noom_kill 0\n"},
		"memory, version 1": {fault.Squeeze{Bytes: 1 << 20}, []string{"memory.limit_in_bytes", "9223372036854771712", "memory.memsw.limit_in_bytes", "9223372036854771712"},
			[]string{"memory.limit_in_bytes", "1048576", "memory.memsw.limit_in_bytes", "1048576"}, "memory.failcnt", "7\n"},
		"that is lower already": {fault.Squeeze{Bytes: 1 << 20}, []string{"memory.max", "4096"}, []string{"memory.max", "4096"}, "memory.events", "max 7"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &grouped{process: startChild(t), dir: aGroup(t, row.before...)}
			stands := func(files []string) {
				for i := 0; i < len(files); i += 2 {
					now, err := readSetting(p.dir, files[i])
					require.NoError(t, err)
					require.Equal(t, files[i+1], now, files[i])
				}
			}
			applied := apply(t, NewSignals(p, nil), row.kind)
			stands(row.lower)
			require.NoError(t, os.WriteFile(filepath.Join(p.dir, row.counter), []byte(row.counted), 0o644))
			undoFault(t, applied)
			stands(row.before)
			require.EqualValues(t, 7, applied.Receipt().Fired)
		})
	}
}

func TestTheNextLifeOfAProcessIsLimitedTooAndAllAreCounted(t *testing.T) {
	first := aGroup(t, "cpu.max", "max 100000", "cpu.stat", "nr_throttled 9")
	second := aGroup(t, "cpu.max", "max 100000", "cpu.stat", "nr_throttled 0")
	p := &grouped{process: startChild(t), dir: first}
	applied := apply(t, NewSignals(p, nil), fault.Starve{CPUs: 0.5})
	counts := func(want int64) func() bool { return func() bool { return applied.Receipt().Fired == want } }
	require.NoError(t, os.WriteFile(filepath.Join(first, "cpu.stat"), []byte("nr_throttled 12"), 0o644))
	require.Eventually(t, counts(3), 30*time.Second, time.Millisecond, "what was there before is not its doing")
	p.moves(second)
	require.NoError(t, os.RemoveAll(first))
	require.Eventually(t, func() bool {
		text, err := readSetting(second, "cpu.max")
		return err == nil && text == "50000 100000"
	}, 30*time.Second, time.Millisecond)
	require.NoError(t, os.WriteFile(filepath.Join(second, "cpu.stat"), []byte("nr_throttled 4"), 0o644))
	undoFault(t, applied)
	require.EqualValues(t, 7, applied.Receipt().Fired)
	text, err := readSetting(second, "cpu.max")
	require.NoError(t, err)
	require.Equal(t, "max 100000", text)
	require.NoError(t, os.WriteFile(filepath.Join(second, "cpu.stat"), []byte("nr_throttled 40"), 0o644))
	require.EqualValues(t, 7, applied.Receipt().Fired, "and no more once it is undone")
}

func TestAProcessThatCannotBeLimitedSaysSo(t *testing.T) {
	for name, p := range map[string]Process{
		"it knows no groups":  startChild(t),
		"it has none":         &grouped{process: startChild(t)},
		"it has no such file": &grouped{process: startChild(t), dir: t.TempDir()},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewSignals(p, nil).Apply(t.Context(), fault.Fault{Kind: fault.Starve{CPUs: 0.5}})
			require.ErrorIs(t, err, ErrNoGroup)
		})
	}
}
