//go:build !linux

package probe

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/shirou/gopsutil/v3/process"
)

// memoryReader asks gopsutil, which knows no high-water mark here.
type memoryReader struct{}

func (*memoryReader) close() {}

func (*memoryReader) read(ctx context.Context, pid int32) (rss, peak float64, err error) {
	p := process.Process{Pid: pid}
	info, err := p.MemoryInfoWithContext(ctx)
	if err != nil {
		if running, asked := process.PidExistsWithContext(ctx, pid); asked == nil && !running {
			return math.NaN(), math.NaN(), nil
		}
		return math.NaN(), math.NaN(), fmt.Errorf("read memory of process %d: %w", pid, err)
	}
	return float64(info.RSS), math.NaN(), nil
}

// gone is whether err says that there is no such process any more.
func gone(err error) bool { return errors.Is(err, process.ErrorProcessNotRunning) }
