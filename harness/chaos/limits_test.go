package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
)

// groupOf puts a process into a cgroup of its own of version 1, for a controller.
// Without the right to make one the test is skipped.
func groupOf(t *testing.T, controller string, pid int) Group {
	t.Helper()
	dir := filepath.Join("/sys/fs/cgroup", controller, fmt.Sprintf("holdfast-chaos-test-%d", pid))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skip("no cgroup can be made here:", err)
	}
	t.Cleanup(func() {
		_ = os.WriteFile(filepath.Join(filepath.Dir(dir), "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644) // if it is still there
		require.Eventually(t, func() bool { return syscall.Rmdir(dir) == nil }, 5*time.Second, time.Millisecond)
	})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644))
	return func(asked string) (string, bool) { return dir, asked == controller }
}

// used is the processor's time that a process has used.
func used(t *testing.T, p *process) time.Duration {
	t.Helper()
	fields, err := statFields(fmt.Sprintf("/proc/%d/stat", p.id.pid))
	require.NoError(t, err)
	user, err := strconv.Atoi(fields[11])
	require.NoError(t, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(t, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

func calibrateStarve(t *testing.T) {
	p := startAs(t, "burn")
	group := groupOf(t, "cpu", int(p.id.pid))
	dir, _ := group("cpu")
	applied := apply(t, NewSignals(p, nil).In(group), fault.Starve{CPUs: 0.1})
	before := used(t, p)
	time.Sleep(time.Second)
	got := used(t, p) - before
	require.Greater(t, got, 30*time.Millisecond)
	require.Less(t, got, 200*time.Millisecond, "a tenth of a second, and what it had left of a period")
	undoFault(t, applied)
	r := applied.Receipt()
	require.Greater(t, r.Fired, int64(5), "of some ten periods")
	require.EqualValues(t, 1, r.Touched)
	quota, err := readSetting(dir, "cpu.cfs_quota_us")
	require.NoError(t, err)
	require.Equal(t, "-1", quota)
}

func calibrateSqueeze(t *testing.T) {
	p := startAs(t, "grow")
	group := groupOf(t, "memory", int(p.id.pid))
	dir, _ := group("memory")
	before, err := readSetting(dir, "memory.limit_in_bytes")
	require.NoError(t, err)
	applied := apply(t, NewSignals(p, nil).In(group), fault.Squeeze{Bytes: 32 << 20})
	_, err = p.stdin.Write([]byte("\n"))
	require.NoError(t, err)
	<-p.exited
	require.Equal(t, syscall.SIGKILL, p.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), "the kernel killed it")
	undoFault(t, applied)
	r := applied.Receipt()
	require.Positive(t, r.Fired)
	require.Contains(t, r.Measured, "the kernel killed 1 for memory")
	after, err := readSetting(dir, "memory.limit_in_bytes")
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// aGroup is a directory with the files of a group.
func aGroup(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

func TestALimitIsWrittenInTheFilesOfItsVersionAndTakenBack(t *testing.T) {
	for name, row := range map[string]struct {
		kind                fault.Kind
		file, before, lower string
		counter, counted    string
	}{
		"processors, version 2": {fault.Starve{CPUs: 0.5}, "cpu.max", "max 100000", "50000 100000", "cpu.stat", "nr_periods 9\nnr_throttled 7\n"},
		"processors, version 1": {fault.Starve{CPUs: 2}, "cpu.cfs_quota_us", "-1", "200000", "cpu.stat", "nr_throttled 7"},
		"memory, version 2":     {fault.Squeeze{Bytes: 1 << 20}, "memory.max", "max", "1048576", "memory.events", "low 0\nmax 7\noom_kill 0\n"},
		"memory, version 1":     {fault.Squeeze{Bytes: 1 << 20}, "memory.limit_in_bytes", "9223372036854771712", "1048576", "memory.failcnt", "7\n"},
		"that is lower already": {fault.Squeeze{Bytes: 1 << 20}, "memory.max", "4096", "4096", "memory.events", "max 7"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := aGroup(t, map[string]string{row.file: row.before})
			place := NewSignals(startChild(t), nil).In(func(string) (string, bool) { return dir, true })
			applied := apply(t, place, row.kind)
			now, err := readSetting(dir, row.file)
			require.NoError(t, err)
			require.Equal(t, row.lower, now)
			require.NoError(t, os.WriteFile(filepath.Join(dir, row.counter), []byte(row.counted), 0o644))
			require.EqualValues(t, 7, applied.Receipt().Fired)
			undoFault(t, applied)
			now, err = readSetting(dir, row.file)
			require.NoError(t, err)
			require.Equal(t, row.before, now)
			require.EqualValues(t, 7, applied.Receipt().Fired)
		})
	}
}

func TestTheNextLifeOfAProcessIsLimitedToo(t *testing.T) {
	first, second := aGroup(t, map[string]string{"cpu.max": "max 100000"}), aGroup(t, map[string]string{"cpu.max": "max 100000"})
	now := make(chan string, 1)
	now <- first
	at := func(string) (string, bool) {
		dir := <-now
		now <- dir
		return dir, true
	}
	applied := apply(t, NewSignals(startChild(t), nil).In(at), fault.Starve{CPUs: 0.5})
	require.NoError(t, os.RemoveAll(first))
	<-now
	now <- second
	require.Eventually(t, func() bool {
		text, err := readSetting(second, "cpu.max")
		return err == nil && text == "50000 100000"
	}, 5*time.Second, time.Millisecond)
	undoFault(t, applied)
	text, err := readSetting(second, "cpu.max")
	require.NoError(t, err)
	require.Equal(t, "max 100000", text)
}

func TestWithoutAGroupOfItsOwnAProcessIsNotLimited(t *testing.T) {
	p := startChild(t)
	_, err := NewSignals(p, nil).Apply(t.Context(), fault.Fault{Kind: fault.Starve{CPUs: 0.5}})
	require.ErrorIs(t, err, ErrNoGroup)
	empty := t.TempDir()
	_, err = NewSignals(p, nil).In(func(string) (string, bool) { return empty, true }).Apply(t.Context(), fault.Fault{Kind: fault.Squeeze{Bytes: 1}})
	require.ErrorIs(t, err, ErrNoGroup)
}
