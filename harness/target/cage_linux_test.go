package target

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target/internal/cgroup"
	"holdfast.dev/holdfast/harness/target/internal/kin"
)

func TestAVersion2GroupIsLimitedWithoutSwapAndDiesWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "holdfast-x")
	both := group{cgroup.Hierarchy{V2: true}, dir}
	c := &cage{memory: both, cpu: both}
	require.NoError(t, c.make(limits{1000, 0.25}))
	for file, want := range map[string]string{"memory.max": "1000", "memory.swap.max": "0", "memory.oom.group": "1", "cpu.max": "25000 100000"} {
		got, err := os.ReadFile(filepath.Join(dir, file))
		if os.IsNotExist(err) {
			require.FailNow(t, "not written", file)
		}
		require.NoError(t, err)
		require.Equal(t, want, string(got), file)
	}
	require.Error(t, c.make(limits{}), "a group that is there already is not ours")
}

func TestOnlyACountedKillIsEvidence(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		v2               bool
		want             uint64
	}{
		{"version 1, killed", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", false, 2},
		{"version 1, not killed", "memory.oom_control", "oom_kill_disable 0\nunder_oom 1\noom_kill 0\n", false, 0},
		{"version 2, killed", "memory.events", "low 0\noom 1\noom_kill 1\noom_group_kill 1\n", true, 1},
		{"version 2, reclaimed but not killed", "memory.events", "max 812\noom 0\noom_kill 0\n", true, 0},
		{"nothing to read", "another", "", true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o644))
			kills, _ := (&cage{memory: group{cgroup.Hierarchy{V2: c.v2}, dir}}).oomKills()
			require.Equal(t, c.want, kills)
		})
	}
}

// Version 1 has its own way to start a process in a group, and most machines have but
// one of the two: where there are both, this tries the other.
func TestAProcessIsBornIntoAVersion2GroupAndEndsWithIt(t *testing.T) {
	parent, v2 := cgroup.DirOf(cgroup.Self, "none that version 1 has")
	dir := filepath.Join(parent, cgroupPrefix+rand.Text())
	if err := os.Mkdir(dir, 0o755); parent == "" || err != nil {
		t.Skip("no cgroup of version 2 is ours to write")
	}
	t.Cleanup(func() { require.NoError(t, removeCage(dir)) })
	require.True(t, v2)
	cmd := exec.Command("sh", "-c", "setsid sleep 60 & exec sleep 60")
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	c := &cage{memory: group{cgroup.Hierarchy{Parent: parent, V2: true}, dir}}
	require.NoError(t, c.start(cmd))
	require.Eventually(t, func() bool { return len(kin.InGroup(dir)) == 2 }, 30*time.Second, time.Millisecond)
	removed := make(chan error)
	go func() { removed <- removeCage(dir) }()
	require.Error(t, cmd.Wait(), "it was killed")
	require.NoError(t, <-removed)
	require.NoDirExists(t, dir)
}

// Only a cgroup is undone as one: the processes that a file of that name lists
// anywhere else are none of ours.
func TestOnlyACgroupIsUndoneAsOne(t *testing.T) {
	victim := exec.Command("sleep", "60")
	require.NoError(t, victim.Start())
	defer func() { _ = victim.Process.Kill(); _ = victim.Wait() }()
	planted := filepath.Join(t.TempDir(), "holdfast-planted")
	require.NoError(t, os.Mkdir(planted, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(planted, "cgroup.procs"), fmt.Appendln(nil, victim.Process.Pid), 0o600))
	err := AsProcess().Undoers[stepCgroup](t.Context(), map[string]string{"dir": planted})
	require.ErrorContains(t, err, "is no cgroup")
	require.NoError(t, victim.Process.Signal(syscall.Signal(0)), "it lives")
	require.NoError(t, AsProcess().Undoers[stepCgroup](t.Context(), map[string]string{"dir": filepath.Join(t.TempDir(), "holdfast-gone")}))
}
