//go:build !linux

package kin

import (
	"os"
	"syscall"
)

// InGroup is empty: only Linux has cgroups.
func InGroup(string) []Process { return nil }

// Related is root alone.
func Related(root int32, _ func(Process, [][]byte) bool) []Process {
	return []Process{{PID: root, Group: root}}
}

// Send sends a signal to a process.
func Send(p Process, sig syscall.Signal) error {
	handle, err := os.FindProcess(int(p.PID))
	if err != nil {
		return err
	}
	return handle.Signal(sig)
}

// See is not known.
func See(int32) (Process, bool) { return Process{}, false }

// Alive is taken for granted.
func Alive(int32) bool { return true }

// OfGroup is not known.
func OfGroup(int32, uint64, func([][]byte) bool) []Process { return nil }

// Boot is not known.
func Boot() string { return "" }
