package egress

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// notification and response are the kernel's struct seccomp_notif and
// seccomp_notif_resp.
type notification struct {
	id    uint64
	pid   uint32 // of the thread
	flags uint32
	data  struct {
		nr   int32
		arch uint32
		ip   uint64
		args [6]uint64
	}
}

type response struct {
	id    uint64
	val   int64
	err   int32 // negative
	flags uint32
}

// architectures are the numbers by which the kernel knows them. A program of another,
// say of 32 bits, is not looked at.
var architectures = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// install puts the calling thread, and all that it starts, behind a filter, and returns
// where calls for a connection are to be answered.
func install() (listener int, err error) {
	arch, ok := architectures[runtime.GOARCH]
	if !ok {
		return 0, fmt.Errorf("the way out cannot be closed on %s", runtime.GOARCH)
	}
	// Without this a filter takes privilege; with it no program gets any by being started.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("the way out cannot be closed: %w", err)
	}
	filter := filter(arch)
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	const listen = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	// The second keeps signals from repeating a call that is being looked at; since Linux 5.19.
	for _, flags := range []uintptr{listen | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, listen} {
		fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
		if errno == 0 {
			unix.CloseOnExec(int(fd))
			// Who calls and who looks hand over to each other at once; since Linux 6.6.
			flags := uint64(unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP)
			_, _, _ = unix.Syscall(unix.SYS_IOCTL, fd, setFlags, uintptr(flags))
			return int(fd), nil
		}
		err = errno
	}
	runtime.KeepAlive(filter)
	return 0, fmt.Errorf("the way out cannot be closed: seccomp: %w", err)
}

// setFlags is SECCOMP_IOCTL_NOTIF_SET_FLAGS, _IOW('!', 4, __u64).
const setFlags = 0x40082104

// try installs a filter and lets go of it.
func try() error {
	listener, err := install()
	if err != nil {
		return err
	}
	return unix.Close(listener)
}

// filter has the kernel ask us about connect, and about sendto where it is given an
// address. io_uring, by which a program could connect without either, is not there,
// as in most containers.
func filter(arch uint32) []unix.SockFilter {
	const (
		load = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		same = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		ret  = unix.BPF_RET | unix.BPF_K
		// Offsets in struct seccomp_data.
		number, machine, address, addressHigh = 0, 4, 16 + 4*8, 16 + 4*8 + 4
	)
	const letThrough, ask, missing = 10, 11, 12 // lines of the program
	to := func(from, line uint8) uint8 { return line - from - 1 }
	return []unix.SockFilter{
		0:          {Code: load, K: machine},
		1:          {Code: same, K: arch, Jf: to(1, letThrough)},
		2:          {Code: load, K: number},
		3:          {Code: same, K: unix.SYS_CONNECT, Jt: to(3, ask)},
		4:          {Code: same, K: unix.SYS_IO_URING_SETUP, Jt: to(4, missing)},
		5:          {Code: same, K: unix.SYS_SENDTO, Jf: to(5, letThrough)},
		6:          {Code: load, K: address},
		7:          {Code: same, K: 0, Jf: to(7, ask)},
		8:          {Code: load, K: addressHigh},
		9:          {Code: same, K: 0, Jf: to(9, ask)},
		letThrough: {Code: ret, K: unix.SECCOMP_RET_ALLOW},
		ask:        {Code: ret, K: unix.SECCOMP_RET_USER_NOTIF},
		missing:    {Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
	}
}

// memory reads size bytes at an address of another process.
func memory(pid int, address uintptr, size int) ([]byte, error) {
	buf := make([]byte, size)
	if size == 0 {
		return nil, nil
	}
	local := []unix.Iovec{{Base: &buf[0]}}
	local[0].SetLen(size)
	n, err := unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: address, Len: size}}, 0)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

func ioctl(fd int, request uint, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
