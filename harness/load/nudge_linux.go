package load

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nudge wakes an idle Go runtime at a precise moment. The runtime waits for
// its timers in whole milliseconds, so a timer alone fires 0.5 ms late on
// average (measured; 0.1 ms with the nudge). A timer descriptor that the
// runtime's poller watches ends that wait when it is due; the runtime then
// looks at its timers. Nothing reads the descriptor and nothing depends on it:
// without it requests are sent at most a millisecond later.
type nudge struct {
	file *os.File
	fd   int
}

func newNudge() *nudge {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return &nudge{fd: -1}
	}
	return &nudge{file: os.NewFile(uintptr(fd), "timerfd"), fd: fd}
}

// in arms the nudge to fire after d, which is positive.
func (n *nudge) in(d time.Duration) {
	if n.fd >= 0 {
		spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
		// Raw, for it never blocks: the runtime would wake a thread to watch over it.
		_, _, _ = unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(n.fd), 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	}
}

func (n *nudge) close() {
	if n.fd >= 0 {
		_ = n.file.Close()
		n.fd = -1
	}
}
