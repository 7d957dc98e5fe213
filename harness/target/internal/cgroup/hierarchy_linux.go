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

// Hierarchy is where memory cgroups are made.
type Hierarchy struct {
	Parent string // the directory below which they are
	V2     bool   // they are of version 2
}

// Own finds where the process at proc, for example /proc/self, may make
// memory cgroups.
func Own(proc string) (Hierarchy, error) {
	mount, dir, v2, err := locate(filepath.Join(proc, "mountinfo"), filepath.Join(proc, "cgroup"))
	if err != nil {
		return Hierarchy{}, err
	}
	if _, err := os.Stat(dir); err != nil {
		dir = mount // in a container without a cgroup namespace the path is the host's
	}
	h := Hierarchy{Parent: dir, V2: v2}
	if v2 {
		return h.climb(mount)
	}
	return h, nil
}

// MemoryDirOf is the directory of a process's memory cgroup, empty if it
// cannot be told.
func MemoryDirOf(pid int) string {
	_, dir, _, err := locate("/proc/self/mountinfo", fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return ""
	}
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// locate finds the directory of a memory cgroup from a mountinfo file and a
// /proc/PID/cgroup file, and where its hierarchy is mounted.
func locate(mountinfo, groups string) (mount, dir string, v2 bool, err error) {
	mounts, err := os.ReadFile(mountinfo)
	if err != nil {
		return "", "", false, fmt.Errorf("find the memory cgroup: %w", err)
	}
	members, err := os.ReadFile(groups)
	if err != nil {
		return "", "", false, fmt.Errorf("find the memory cgroup: %w", err)
	}
	mount, root, v2 := memoryMount(string(mounts))
	if mount == "" {
		return "", "", false, errors.New("no memory cgroup is mounted")
	}
	group := memoryGroup(string(members), v2)
	if inside, err := filepath.Rel(root, group); err == nil && !strings.HasPrefix(inside, "..") {
		group = inside
	}
	return mount, filepath.Join(mount, group), v2, nil
}

// climb goes up to the nearest group that gives its children the memory
// controller and lets us make some. Version 2 keeps processes in the leaves, so
// that is hardly ever the harness's own group.
func (h Hierarchy) climb(mount string) (Hierarchy, error) {
	for dir := h.Parent; ; dir = filepath.Dir(dir) {
		given, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
		if err == nil && slices.Contains(strings.Fields(string(given)), "memory") && unix.Access(dir, unix.W_OK) == nil {
			return Hierarchy{Parent: dir, V2: true}, nil
		}
		if dir == mount || dir == filepath.Dir(dir) {
			return h, fmt.Errorf("no group between %s and %s has the memory controller for its children and is ours to write", h.Parent, mount)
		}
	}
}

// memoryMount finds in a mountinfo where the memory controller is mounted, and
// which group is the root there. Version 1 wins: where both are mounted, the
// controller is in it.
func memoryMount(mountinfo string) (mount, root string, v2 bool) {
	for line := range strings.Lines(mountinfo) {
		left, right, _ := strings.Cut(line, " - ")
		place, fs := strings.Fields(left), strings.Fields(right)
		if len(place) < 5 || len(fs) < 3 {
			continue
		}
		switch {
		case fs[0] == "cgroup" && slices.Contains(strings.Split(fs[2], ","), "memory"):
			return place[4], place[3], false
		case fs[0] == "cgroup2" && mount == "":
			mount, root, v2 = place[4], place[3], true
		}
	}
	return mount, root, v2
}

// memoryGroup finds in a /proc/PID/cgroup the path of its memory group.
func memoryGroup(groups string, v2 bool) string {
	for line := range strings.Lines(groups) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		if v2 && parts[0] == "0" || !v2 && slices.Contains(strings.Split(parts[1], ","), "memory") {
			return parts[2]
		}
	}
	return "/"
}
