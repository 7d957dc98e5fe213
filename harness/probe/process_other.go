//go:build !linux

package probe

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/shirou/gopsutil/v3/process"
)

func cpuTime(ctx context.Context, pid int32) (time.Duration, error) {
	p := process.Process{Pid: pid}
	times, err := p.TimesWithContext(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
	}
	return time.Duration((times.User + times.System) * float64(time.Second)), nil
}

func threadCount(ctx context.Context, pid int32) (float64, error) {
	p := process.Process{Pid: pid}
	n, err := p.NumThreadsWithContext(ctx)
	if err != nil {
		return math.NaN(), fmt.Errorf("count the threads of process %d: %w", pid, err)
	}
	return float64(n), nil
}

// openFiles is not measured: gopsutil cannot everywhere.
func openFiles(ctx context.Context, pid int32) (float64, error) {
	p := process.Process{Pid: pid}
	n, err := p.NumFDsWithContext(ctx)
	if err != nil {
		return math.NaN(), nil
	}
	return float64(n), nil
}
