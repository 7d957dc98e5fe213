package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Controllers that groups are made for.
const (
	Memory = "memory"
	CPU    = "cpu"
)

// Self is this process at the place of [Own] and [DirOf]. Version 1 groups threads,
// and one that starts a process is elsewhere for a moment.
const Self = "/proc/thread-self"

// Hierarchy is where cgroups are made.
type Hierarchy struct {
	Parent string // the directory below which they are
	V2     bool   // they are of version 2
}

// Own finds where the process at proc, for example /proc/self, may make cgroups
// that have these controllers: all of them, which version 1 knows only of one.
func Own(proc string, controllers ...string) (Hierarchy, error) {
	mount, dir, v2, err := locate(filepath.Join(proc, "mountinfo"), filepath.Join(proc, "cgroup"), controllers[0])
	if err != nil {
		return Hierarchy{}, err
	}
	if _, err := os.Stat(dir); err != nil {
		dir = mount // in a container without a cgroup namespace the path is the host's
	}
	h := Hierarchy{Parent: dir, V2: v2}
	if v2 {
		return h.climb(mount, controllers)
	}
	return h, nil
}

// DirOf is the directory of the cgroup of the process at proc, for example
// /proc/17, that has the controller, empty if it cannot be told, and whether it is
// of version 2.
func DirOf(proc, controller string) (dir string, v2 bool) {
	_, dir, v2, err := locate("/proc/self/mountinfo", filepath.Join(proc, "cgroup"), controller)
	if err != nil {
		return "", false
	}
	if _, err := os.Stat(dir); err != nil {
		return "", false
	}
	return dir, v2
}

// locate finds the directory of a cgroup from a mountinfo file and a
// /proc/PID/cgroup file, and where its hierarchy is mounted.
func locate(mountinfo, groups, controller string) (mount, dir string, v2 bool, err error) {
	mounts, err := os.ReadFile(mountinfo)
	if err != nil {
		return "", "", false, fmt.Errorf("find the %s cgroup: %w", controller, err)
	}
	members, err := os.ReadFile(groups)
	if err != nil {
		return "", "", false, fmt.Errorf("find the %s cgroup: %w", controller, err)
	}
	mount, root, v2 := mountOf(string(mounts), controller)
	if mount == "" {
		return "", "", false, errors.New("no " + controller + " cgroup is mounted")
	}
	group := groupOf(string(members), controller, v2)
	if inside, err := filepath.Rel(root, group); err == nil && !strings.HasPrefix(inside, "..") {
		group = inside
	}
	return mount, filepath.Join(mount, group), v2, nil
}

// climb goes up to the nearest group that gives its children the controllers and
// lets us make some. Version 2 keeps processes in the leaves, so that is hardly
// ever the harness's own group.
func (h Hierarchy) climb(mount string, controllers []string) (Hierarchy, error) {
	for dir := h.Parent; ; dir = filepath.Dir(dir) {
		if gives(dir, controllers) && unix.Access(dir, unix.W_OK) == nil {
			return Hierarchy{Parent: dir, V2: true}, nil
		}
		if dir == mount || dir == filepath.Dir(dir) {
			return h, fmt.Errorf("no group between %s and %s has the %s controller for its children and is ours to write",
				h.Parent, mount, strings.Join(controllers, " and the "))
		}
	}
}

// gives is whether children of the group at dir have all of the controllers.
func gives(dir string, controllers []string) bool {
	given, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
	if err != nil {
		return false
	}
	for _, c := range controllers {
		if !slices.Contains(strings.Fields(string(given)), c) {
			return false
		}
	}
	return true
}

// mountOf finds in a mountinfo where the controller is mounted, and which group is
// the root there. Version 1 wins: where both are mounted, the controller is in it.
func mountOf(mountinfo, controller string) (mount, root string, v2 bool) {
	for line := range strings.Lines(mountinfo) {
		left, right, _ := strings.Cut(line, " - ")
		place, fs := strings.Fields(left), strings.Fields(right)
		if len(place) < 5 || len(fs) < 3 {
			continue
		}
		switch {
		case fs[0] == "cgroup" && slices.Contains(strings.Split(fs[2], ","), controller):
			return place[4], place[3], false
		case fs[0] == "cgroup2" && mount == "":
			mount, root, v2 = place[4], place[3], true
		}
	}
	return mount, root, v2
}

// groupOf finds in a /proc/PID/cgroup the path of its group for the controller.
func groupOf(groups, controller string, v2 bool) string {
	for line := range strings.Lines(groups) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		if v2 && parts[0] == "0" || !v2 && slices.Contains(strings.Split(parts[1], ","), controller) {
			return parts[2]
		}
	}
	return "/"
}

// Is says why a directory is no cgroup: whatever else has the name of one is not ours
// to look into. One that is not there is nobody's.
func Is(dir string) error {
	var fs unix.Statfs_t
	info, err := os.Lstat(dir)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err == nil {
		err = unix.Statfs(dir, &fs)
	}
	switch {
	case err != nil:
		return fmt.Errorf("look at %s: %w", dir, err)
	case !info.IsDir() || fs.Type != unix.CGROUP_SUPER_MAGIC && fs.Type != unix.CGROUP2_SUPER_MAGIC:
		return fmt.Errorf("%s is no cgroup", dir)
	}
	return nil
}
