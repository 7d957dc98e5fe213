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

// Process measures what the processes of a target use besides memory, all
// together: target.cpu in cores, over the time since the sample before,
// target.threads and target.open_files (sockets included), target.processes, and
// target.restarts, how many other than the main one have gone so far of those that had
// been there for a second ([Tree.Gone]).
func Process(t *Tree) Probe { return &activity{tree: t} }

type activity struct {
	tree *Tree
	cpu  cpuMeter
}

func (*activity) Name() string         { return "target process" }
func (*activity) Every() time.Duration { return DefaultProcessEvery }
func (*activity) Series() []Series {
	return []Series{
		{Name: "target.cpu", Unit: UnitCores},
		{Name: "target.threads", Unit: result.UnitCount},
		{Name: "target.open_files", Unit: result.UnitCount},
		{Name: "target.processes", Unit: result.UnitCount},
		{Name: "target.restarts", Unit: result.UnitCount},
	}
}

func (a *activity) Sample(ctx context.Context) ([]float64, error) {
	nothing := []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()}
	pids := a.tree.Members()
	if len(pids) == 0 {
		return nothing, nil
	}
	all, err := usageOf(ctx, pids)
	if err != nil || all.Processes == 0 {
		return nothing, err
	}
	cores := a.cpu.rate(pids[0], all.CPU, time.Now())
	return []float64{cores, all.Threads, all.Files, all.Processes, float64(a.tree.Gone())}, nil
}

// Usage is what the processes of a target use beside memory, all together.
type Usage struct {
	CPU                       time.Duration // so far, children that are gone included
	Threads, Files, Processes float64       // open files, sockets included
}

// Usage is what they use at this moment; nothing where the main one is gone.
func (t *Tree) Usage(ctx context.Context) (Usage, error) { return usageOf(ctx, t.Look()) }

func usageOf(ctx context.Context, pids []int32) (Usage, error) {
	var all Usage
	for i, pid := range pids {
		u, err := usageOfOne(ctx, pid)
		switch {
		case err == nil:
			all.CPU, all.Threads, all.Files, all.Processes = all.CPU+u.CPU, all.Threads+u.Threads, all.Files+u.Files, all.Processes+1
		case !departed(ctx, pid, err):
			return Usage{}, err
		case i == 0:
			return Usage{}, nil
		}
	}
	return all, nil
}

func usageOfOne(ctx context.Context, pid int32) (u Usage, err error) {
	if u.CPU, err = cpuTime(ctx, pid); err != nil {
		return Usage{}, err
	}
	u.CPU += reapedTime(pid)
	if u.Threads, err = threadCount(ctx, pid); err != nil {
		return Usage{}, err
	}
	u.Files, err = openFiles(ctx, pid)
	return u, err
}

// departed reports whether err means that the process is gone.
func departed(ctx context.Context, pid int32, err error) bool {
	alive, asked := process.PidExistsWithContext(ctx, pid)
	return gone(err) || asked == nil && !alive
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
