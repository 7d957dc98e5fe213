//go:build !linux

package cgroup

// Memory is a controller.
const Memory = "memory"

// DirOf is empty: only Linux has cgroups.
func DirOf(string, string) (string, bool) { return "", false }
