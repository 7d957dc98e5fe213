//go:build linux && !race

package http1

import (
	"syscall"
	"unsafe"
)

// read and write are the system calls on a descriptor that never blocks, without word to
// the Go runtime: it would wake a thread of its own each time, to see to it that a call
// which lasts holds nobody up. For a load of a few hundred requests a second, between
// which all sleeps, that is as much as the rest of a request.
func read(fd uintptr, p []byte) (int, error) {
	return again(syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))))
}

func write(fd uintptr, p []byte) (int, error) {
	return again(syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))))
}

func again(n, _ uintptr, errno syscall.Errno) (int, error) {
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}
