package target

import "holdfast.dev/holdfast/harness/target/internal/cgroup"

// OwnMemoryDir is the directory of the memory cgroup that this program is in itself,
// false where that cannot be told.
func OwnMemoryDir() (dir string, ok bool) {
	dir, _ = cgroup.DirOf("/proc/self", cgroup.Memory)
	return dir, dir != ""
}
