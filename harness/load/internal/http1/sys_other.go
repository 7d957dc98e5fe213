//go:build !linux || race

package http1

import "syscall"

// The race detector learns from these that what one side has written happened before the
// other read it.

func read(fd uintptr, p []byte) (int, error)  { return syscall.Read(int(fd), p) }
func write(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }
