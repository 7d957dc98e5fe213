package probe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is the CPU time that a process, all threads together, has used. It
// reads the process's own clock, in nanoseconds; /proc/PID/stat counts in
// hundredths of a second, too coarse for samples of half a second.
func cpuTime(_ context.Context, pid int32) (time.Duration, error) {
	const scheduler = 2                 // CPUCLOCK_SCHED: user and system time together
	clock := int32(^pid)<<3 | scheduler // as clock_getcpuclockid(3) does
	var used unix.Timespec
	err := unix.ClockGettime(clock, &used)
	if errors.Is(err, unix.EINVAL) { // what it says when there is no such process
		err = unix.ESRCH
	}
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
	}
	return time.Duration(used.Nano()), nil
}

func threadCount(_ context.Context, pid int32) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return math.NaN(), fmt.Errorf("count the threads of process %d: %w", pid, err)
	}
	n, ok := statusNumber(status, "\nThreads:")
	if !ok {
		return math.NaN(), fmt.Errorf("count the threads of process %d: the kernel does not tell", pid)
	}
	return float64(n), nil
}

// openFiles counts descriptors. Since Linux 6.2 the directory's size is their
// number; before, they must be listed.
func openFiles(_ context.Context, pid int32) (float64, error) {
	dir, err := os.Open(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return math.NaN(), fmt.Errorf("count the open files of process %d: %w", pid, err)
	}
	defer dir.Close()
	if info, err := dir.Stat(); err == nil && info.Size() > 0 {
		return float64(info.Size()), nil
	}
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return math.NaN(), fmt.Errorf("count the open files of process %d: %w", pid, err)
	}
	return float64(len(names)), nil
}
