package target

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/target/internal/cgroup"
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
