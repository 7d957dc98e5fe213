package probe

import (
	"context"
	"math"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// DefaultMemoryEvery is fine enough that a peak of 100 ms cannot slip between
// two samples. A sample costs microseconds.
const DefaultMemoryEvery = 50 * time.Millisecond

// PID tells the process to look at, false while there is none. It may change,
// as it does when a target is restarted.
type PID func() (pid int32, running bool)

// Memory measures the resident memory of one process: target.rss, and
// target.rss_peak, the kernel's own high-water mark of it (VmHWM, Linux alone),
// which misses nothing between samples and starts anew with each process. The
// kernel counts RSS in batches, so it may be some 64 pages per thread behind. A
// target of several processes is measured whole by [Cgroup] only.
func Memory(pid PID) Probe {
	return &memory{pid: pid, series: []Series{
		{Name: "target.rss", Unit: result.UnitBytes},
		{Name: "target.rss_peak", Unit: result.UnitBytes},
	}}
}

type memory struct {
	pid    PID
	series []Series
	of     memoryReader
}

func (m *memory) Name() string         { return "target memory" }
func (m *memory) Series() []Series     { return m.series }
func (m *memory) Every() time.Duration { return DefaultMemoryEvery }
func (m *memory) Close() error         { m.of.close(); return nil }

func (m *memory) Sample(ctx context.Context) ([]float64, error) {
	pid, running := m.pid()
	if !running {
		return []float64{math.NaN(), math.NaN()}, nil
	}
	rss, peak, err := m.of.read(ctx, pid)
	return []float64{rss, peak}, err
}
