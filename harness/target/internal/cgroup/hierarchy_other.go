//go:build !linux

package cgroup

// MemoryDirOf is empty: only Linux has cgroups.
func MemoryDirOf(int) string { return "" }
