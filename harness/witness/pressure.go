package witness

import (
	"context"
	"math"
	"time"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// The series of what the kernel says of want, and of the harness's quota.
const (
	seriesPressureCPU    = "pressure.cpu"
	seriesPressureIO     = "pressure.io"
	seriesPressureMemory = "pressure.memory"
	seriesQuota          = "quota.cores"
	seriesThrottled      = "quota.throttled"
	seriesFree           = "memory.free"

	pressureEvery = 500 * time.Millisecond
)

// Pressure is a probe of what the kernel itself says: pressure.cpu, .io and
// .memory are the share of the time in which somebody on the machine waited for
// it, whoever caused that; quota.cores is how many processors the control group of
// this process may use and quota.throttled the share of the time in which it was
// kept from them; memory.free is the share of the memory that can be had. What this kernel does not tell is a gap.
func Pressure() probe.Probe { return &pressure{group: ownGroup()} }

type pressure struct {
	group  cpuGroup
	before time.Time
	waited [3]time.Duration
	kept   time.Duration
}

// pressed are the things that one can be in want of, in the order of the series.
var pressed = [3]string{"cpu", "io", "memory"}

func (*pressure) Name() string         { return "pressure" }
func (*pressure) Every() time.Duration { return pressureEvery }
func (*pressure) Series() []probe.Series {
	return []probe.Series{
		{Name: seriesPressureCPU, Unit: result.UnitRatio},
		{Name: seriesPressureIO, Unit: result.UnitRatio},
		{Name: seriesPressureMemory, Unit: result.UnitRatio},
		{Name: seriesQuota, Unit: probe.UnitCores, Low: true},
		{Name: seriesThrottled, Unit: result.UnitRatio},
		{Name: seriesFree, Unit: result.UnitRatio, Low: true},
	}
}

func (p *pressure) Sample(context.Context) ([]float64, error) {
	now := time.Now()
	elapsed := now.Sub(p.before)
	first := p.before.IsZero()
	p.before = now
	rate := func(before *time.Duration, read time.Duration, known bool) float64 {
		grown := read - *before
		*before = read
		if first || !known || elapsed <= 0 {
			return math.NaN()
		}
		return min(1, max(0, float64(grown)/float64(elapsed)))
	}
	values := make([]float64, 6)
	for i, what := range pressed {
		waited, known := stalled(what)
		values[i] = rate(&p.waited[i], waited, known)
	}
	values[3] = p.group.cores()
	kept, known := p.group.throttled()
	values[4] = rate(&p.kept, kept, known)
	values[5] = share(numberIn("/proc/meminfo", "MemAvailable:"), numberIn("/proc/meminfo", "MemTotal:"))
	return values, nil
}
