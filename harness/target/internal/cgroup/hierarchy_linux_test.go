package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	v1Mounts = `24 1 0:22 / /sys/fs/cgroup rw shared:5 - tmpfs tmpfs rw
26 24 0:24 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
29 24 0:27 / MOUNT rw shared:9 - cgroup cgroup rw,memory
34 24 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`
	v2Mounts = `24 1 0:22 / /proc rw - proc proc rw
29 24 0:27 ROOT MOUNT rw shared:9 - cgroup2 cgroup2 rw,nsdelegate
`
)

// procAt makes a directory that looks like /proc/self to Own.
func procAt(t *testing.T, mounts, groups string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mountinfo"), []byte(mounts), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cgroup"), []byte(groups), 0o644))
	return dir
}

func TestCgroupsAreMadeWhereTheKernelLets(t *testing.T) {
	cases := []struct {
		name, mounts, root, groups string
		controls                   map[string]string // directory -> cgroup.subtree_control
		want                       string            // below the mount
		v2, fails                  bool
		need                       []string // controllers; none: memory
	}{
		{name: "version 1, in its own group", mounts: v1Mounts,
			groups:   "4:memory:/job\n1:cpu:/\n0::/\n",
			controls: map[string]string{"job": ""}, want: "job"},
		{name: "version 1, shared with another controller", mounts: strings.Replace(v1Mounts, "rw,memory", "rw,cpu,memory", 1),
			groups:   "4:cpu,memory:/job\n",
			controls: map[string]string{"job": ""}, want: "job"},
		{name: "version 1, in a container whose path is the host's", mounts: v1Mounts,
			groups: "4:memory:/docker/abc\n", want: ""},
		{name: "version 2, a user's session", mounts: v2Mounts, root: "/",
			groups:   "0::/user/app/term\n",
			controls: map[string]string{"": "cpu memory pids", "user": "memory", "user/app": "cpu memory", "user/app/term": ""},
			want:     "user/app", v2: true},
		{name: "version 2, the controller is given at the root only", mounts: v2Mounts, root: "/",
			groups:   "0::/a/b\n",
			controls: map[string]string{"": "memory", "a": "cpu", "a/b": ""}, want: "", v2: true},
		{name: "version 2, mounted at a group that is not the root", mounts: v2Mounts, root: "/docker/abc",
			groups:   "0::/docker/abc/x\n",
			controls: map[string]string{"": "memory", "x": ""}, want: "", v2: true},
		{name: "version 2 without the controller", mounts: v2Mounts, root: "/",
			groups:   "0::/a\n",
			controls: map[string]string{"": "cpu", "a": ""}, fails: true},
		{name: "version 1, of CPU time", mounts: strings.Replace(v1Mounts, "rw,memory", "rw,cpu,cpuacct", 1)[strings.Index(v1Mounts, "29 24"):], need: []string{CPU},
			groups:   "4:memory:/job\n1:cpuacct,cpu:/other\n",
			controls: map[string]string{"other": ""}, want: "other"},
		{name: "version 2, one group for both controllers", mounts: v2Mounts, root: "/", need: []string{Memory, CPU},
			groups:   "0::/user/app/term\n",
			controls: map[string]string{"": "cpu memory", "user": "cpu memory", "user/app": "memory", "user/app/term": ""},
			want:     "user", v2: true},
		{name: "version 2, no group has both", mounts: v2Mounts, root: "/", need: []string{Memory, CPU},
			groups:   "0::/user/app\n",
			controls: map[string]string{"": "cpu", "user": "memory", "user/app": ""}, fails: true},
		{name: "no cgroups at all", mounts: "24 1 0:22 / /proc rw - proc proc rw\n", groups: "", fails: true},
		{name: "nonsense", mounts: "x - y\n- - -\n\n", groups: "x\n::\n", fails: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			mount := t.TempDir()
			for dir, control := range c.controls {
				require.NoError(t, os.MkdirAll(filepath.Join(mount, dir), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(mount, dir, "cgroup.subtree_control"), []byte(control+"\n"), 0o644))
			}
			mounts := strings.NewReplacer("MOUNT", mount, "ROOT", c.root).Replace(c.mounts)
			h, err := Own(procAt(t, mounts, c.groups), append(c.need, Memory)[:max(1, len(c.need))]...)
			if c.fails {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, Hierarchy{Parent: filepath.Join(mount, c.want), V2: c.v2}, h)
		})
	}
}
