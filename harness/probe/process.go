package probe

import (
	"context"
	"math"
	"time"

	"github.com/shirou/gopsutil/v3/process"

	"holdfast.dev/holdfast/harness/result"
)

// DefaultProcessEvery is what [Process] and [Machine] sample at.
const DefaultProcessEvery = 500 * time.Millisecond

// Process measures what one process uses besides memory: target.cpu in cores,
// over the time since the sample before, target.threads and target.open_files
// (sockets included).
func Process(pid PID) Probe {
	return &activity{pid: pid}
}

type activity struct {
	pid PID
	cpu cpuMeter
}

func (*activity) Name() string         { return "target process" }
func (*activity) Every() time.Duration { return DefaultProcessEvery }
func (*activity) Series() []Series {
	return []Series{
		{Name: "target.cpu", Unit: UnitCores},
		{Name: "target.threads", Unit: result.UnitCount},
		{Name: "target.open_files", Unit: result.UnitCount},
	}
}

func (a *activity) Sample(ctx context.Context) ([]float64, error) {
	nothing := []float64{math.NaN(), math.NaN(), math.NaN()}
	pid, running := a.pid()
	if !running {
		return nothing, nil
	}
	used, err := cpuTime(ctx, pid)
	var threads, files float64
	if err == nil {
		threads, err = threadCount(ctx, pid)
	}
	if err == nil {
		files, err = openFiles(ctx, pid)
	}
	if err != nil {
		if alive, asked := process.PidExistsWithContext(ctx, pid); gone(err) || asked == nil && !alive {
			return nothing, nil
		}
		return nothing, err
	}
	return []float64{a.cpu.rate(pid, used, time.Now()), threads, files}, nil
}

// cpuMeter turns the CPU time that a process used so far into cores.
type cpuMeter struct {
	pid  int32
	used time.Duration
	at   time.Time
}

// rate is NaN for the first sample of a process.
func (m *cpuMeter) rate(pid int32, used time.Duration, now time.Time) float64 {
	before := *m
	*m = cpuMeter{pid: pid, used: used, at: now}
	elapsed := now.Sub(before.at)
	if before.at.IsZero() || before.pid != pid || used < before.used || elapsed <= 0 {
		return math.NaN()
	}
	return (used - before.used).Seconds() / elapsed.Seconds()
}
