//go:build unix

package load

import (
	"runtime"
	"syscall"
	"time"
)

// cpuMeter measures what share of the processors this process uses.
type cpuMeter struct {
	wall time.Time
	used time.Duration
}

func startCPU() cpuMeter { return cpuMeter{wall: time.Now(), used: cpuUsed()} }

func cpuUsed() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// share is of all processors that may run this process, since the start: in a container
// those of its quota.
func (m cpuMeter) share() *float64 {
	wall := time.Since(m.wall).Seconds() * float64(min(runtime.NumCPU(), runtime.GOMAXPROCS(0)))
	if wall <= 0 {
		return nil
	}
	share := min(1, (cpuUsed()-m.used).Seconds()/wall)
	return &share
}
