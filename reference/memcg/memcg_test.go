package memcg_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/memcg"
)

// machine writes files below a folder and returns it; {root} in a text is the folder.
func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, "{root}", root)), 0o644))
	}
	return root
}

// told is what a process there tells of its group.
func told(t *testing.T, root string) map[string]float64 {
	t.Helper()
	group, ok := memcg.Own(filepath.Join(root, "proc"))
	if !ok {
		return nil
	}
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(group))
	families, err := registry.Gather()
	require.NoError(t, err)
	all := map[string]float64{}
	for _, f := range families {
		all[f.GetName()] = f.Metric[0].GetGauge().GetValue() + f.Metric[0].GetCounter().GetValue()
	}
	return all
}

const (
	mountsV1 = "35 31 0:32 / {root}/sys/memory rw,relatime - cgroup cgroup rw,memory\n36 31 0:33 / {root}/sys/unified rw - cgroup2 cgroup2 rw\n"
	mountsV2 = "30 23 0:26 / {root}/sys rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
	unlimit1 = "9223372036854771712\n"
)

func TestWhatCountsAgainstTheLimitIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  map[string]float64
	}{
		"version 1": {
			files: map[string]string{
				"proc/mountinfo": mountsV1, "proc/cgroup": "4:memory:/app/web\n0::/\n",
				"sys/memory/app/web/memory.usage_in_bytes": "5000\n", "sys/memory/app/web/memory.limit_in_bytes": "8000\n",
				"sys/memory/app/web/memory.stat":        "inactive_file 1\ntotal_inactive_file 1500\n",
				"sys/memory/app/web/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
				"sys/memory/app/memory.limit_in_bytes":  unlimit1, "sys/memory/memory.limit_in_bytes": unlimit1,
			},
			want: map[string]float64{"cgroup_memory_working_set_bytes": 3500, "cgroup_memory_limit_bytes": 8000, "cgroup_oom_kills_total": 2},
		},
		"version 2": {
			files: map[string]string{
				"proc/mountinfo": mountsV2, "proc/cgroup": "0::/app\n",
				"sys/app/memory.current": "5000\n", "sys/app/memory.max": "8000\n",
				"sys/app/memory.stat": "file 9\ninactive_file 1500\n", "sys/app/memory.events": "low 0\noom 4\noom_kill 3\noom_group_kill 1\n",
			},
			want: map[string]float64{"cgroup_memory_working_set_bytes": 3500, "cgroup_memory_limit_bytes": 8000, "cgroup_oom_kills_total": 3},
		},
		"the limit of a group around it, with that group's own figures": {
			files: map[string]string{
				"proc/mountinfo": mountsV2, "proc/cgroup": "0::/pod/app\n",
				"sys/pod/app/memory.current": "10\n", "sys/pod/app/memory.max": "max\n", "sys/pod/app/memory.stat": "inactive_file 1\n", "sys/pod/app/memory.events": "oom_kill 0\n",
				"sys/pod/memory.current": "700\n", "sys/pod/memory.max": "800\n", "sys/pod/memory.stat": "inactive_file 100\n", "sys/pod/memory.events": "oom_kill 1\n",
			},
			want: map[string]float64{"cgroup_memory_working_set_bytes": 600, "cgroup_memory_limit_bytes": 800, "cgroup_oom_kills_total": 1},
		},
		"of version 1, where each group counts its own kills alone": {
			files: map[string]string{
				"proc/mountinfo": mountsV1, "proc/cgroup": "4:memory:/pod/app\n",
				"sys/memory/pod/app/memory.usage_in_bytes": "10\n", "sys/memory/pod/app/memory.limit_in_bytes": unlimit1, "sys/memory/pod/app/memory.oom_control": "oom_kill 2\n",
				"sys/memory/pod/memory.usage_in_bytes": "700\n", "sys/memory/pod/memory.limit_in_bytes": "800\n", "sys/memory/pod/memory.stat": "total_inactive_file 100\n",
				"sys/memory/pod/memory.oom_control": "oom_kill 1\n", "sys/memory/memory.limit_in_bytes": unlimit1, "sys/memory/memory.oom_control": "oom_kill 50\n",
			},
			want: map[string]float64{"cgroup_memory_working_set_bytes": 600, "cgroup_memory_limit_bytes": 800, "cgroup_oom_kills_total": 3},
		},
		"no limit is no number": {
			files: map[string]string{
				"proc/mountinfo": mountsV1, "proc/cgroup": "4:memory:/app\n",
				"sys/memory/app/memory.usage_in_bytes": "5000\n", "sys/memory/app/memory.limit_in_bytes": unlimit1,
				"sys/memory/app/memory.stat": "total_inactive_file 1\n", "sys/memory/app/memory.oom_control": "oom_kill 0\n",
			},
			want: map[string]float64{"cgroup_memory_working_set_bytes": 4999, "cgroup_oom_kills_total": 0},
		},
		"a kernel that counts no kills, and no inactive files": {
			files: map[string]string{
				"proc/mountinfo": mountsV1, "proc/cgroup": "4:memory:/app\n",
				"sys/memory/app/memory.usage_in_bytes": "5000\n", "sys/memory/app/memory.limit_in_bytes": "8000\n",
				"sys/memory/app/memory.stat": "cache 1\n", "sys/memory/app/memory.oom_control": "oom_kill_disable 0\n",
			},
			want: map[string]float64{"cgroup_memory_limit_bytes": 8000},
		},
		"in a container without a namespace of its own the path is the host's": {
			files: map[string]string{
				"proc/mountinfo": mountsV1, "proc/cgroup": "4:memory:/docker/0123\n",
				"sys/memory/memory.usage_in_bytes": "5000\n", "sys/memory/memory.limit_in_bytes": "8000\n",
				"sys/memory/memory.stat": "total_inactive_file 0\n", "sys/memory/memory.oom_control": "oom_kill 0\n",
			},
			want: map[string]float64{"cgroup_memory_working_set_bytes": 5000, "cgroup_memory_limit_bytes": 8000, "cgroup_oom_kills_total": 0},
		},
		"less is used than could be dropped, as files are read one after the other": {
			files: map[string]string{
				"proc/mountinfo": mountsV2, "proc/cgroup": "0::/app\n",
				"sys/app/memory.current": "5\n", "sys/app/memory.max": "max\n", "sys/app/memory.stat": "inactive_file 9\n",
			},
			want: map[string]float64{"cgroup_memory_working_set_bytes": 0},
		},
		"the root of version 2 has no account": {files: map[string]string{"proc/mountinfo": mountsV2, "proc/cgroup": "0::/\n", "sys/memory.stat": "inactive_file 9\n"}},
		"no cgroups are mounted":               {files: map[string]string{"proc/mountinfo": "25 1 8:1 / / rw - ext4 /dev/root rw\n", "proc/cgroup": "0::/\n"}},
		"a system without /proc tells of none": {},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, told(t, machine(t, c.files))) })
	}
}
