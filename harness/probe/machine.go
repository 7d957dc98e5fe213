package probe

import (
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"

	"holdfast.dev/holdfast/harness/result"
)

// Machine measures what all of the machine does, and the harness itself, to
// tell a target that is slow from a machine that is full: machine.cpu (the
// share of all cores that was busy) and machine.steal (the share that a
// hypervisor gave to others), over the time since the sample before,
// machine.load1, machine.memory_available; harness.cpu and harness.rss.
func Machine() Probe { return &machine{own: int32(os.Getpid())} }

type machine struct {
	own    int32
	before cpu.TimesStat
	cpu    cpuMeter
	memory memoryReader
}

func (*machine) Name() string         { return "machine" }
func (*machine) Every() time.Duration { return DefaultProcessEvery }
func (*machine) Series() []Series {
	return []Series{
		{Name: "machine.cpu", Unit: result.UnitRatio},
		{Name: "machine.steal", Unit: result.UnitRatio},
		{Name: "machine.load1", Unit: result.UnitCount},
		{Name: "machine.memory_available", Unit: result.UnitBytes, Low: true},
		{Name: "harness.cpu", Unit: UnitCores},
		{Name: "harness.rss", Unit: result.UnitBytes},
	}
}

func (m *machine) Close() error { m.memory.close(); return nil }

func (m *machine) Sample(ctx context.Context) ([]float64, error) {
	times, err := cpu.TimesWithContext(ctx, false)
	if err != nil || len(times) == 0 {
		return nil, fmt.Errorf("read the machine's CPU times: %w", err)
	}
	busy, steal := share(m.before, times[0])
	m.before = times[0]
	average, err := load.AvgWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the machine's load: %w", err)
	}
	memory, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the machine's memory: %w", err)
	}
	used, err := cpuTime(ctx, m.own)
	if err != nil {
		return nil, err
	}
	rss, _, err := m.memory.read(ctx, m.own)
	if err != nil {
		return nil, err
	}
	return []float64{busy, steal, average.Load1, float64(memory.Available), m.cpu.rate(m.own, used, time.Now()), rss}, nil
}

// share is what part of the time between two readings was busy and stolen; NaN
// where there is no time between them, as before the first.
func share(before, after cpu.TimesStat) (busy, steal float64) {
	idle := func(t cpu.TimesStat) float64 { return t.Idle + t.Iowait }
	work := func(t cpu.TimesStat) float64 { // guest time is part of user time
		return t.User + t.Nice + t.System + t.Irq + t.Softirq
	}
	total := func(t cpu.TimesStat) float64 { return idle(t) + work(t) + t.Steal }
	span := total(after) - total(before)
	if total(before) == 0 || span <= 0 {
		return math.NaN(), math.NaN()
	}
	clamp := func(v float64) float64 { return min(1, max(0, v/span)) }
	return clamp(work(after) - work(before)), clamp(after.Steal - before.Steal)
}
