package harness

import (
	"context"
	"errors"
	"math"
	"time"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/target"
)

// gaugeEvery is the time between two samples of a gauge.
const gaugeEvery = 50 * time.Millisecond

// firstPage bounds the first look at the target's metrics.
const firstPage = 2 * time.Second

// memoryDir is a target that runs in a memory cgroup of its own.
type memoryDir interface{ MemoryDir() (string, bool) }

// treeOf are the processes of a target, by all that it can tell of them.
func treeOf(t target.Target) *probe.Tree {
	c := probe.TreeConfig{Root: t.PID}
	if in, ok := t.(memoryDir); ok {
		c.Group = in.MemoryDir
	}
	if by, ok := t.(interface{ Mark() string }); ok {
		c.Mark = by.Mark
	}
	return probe.NewTree(c)
}

// probes are what every experiment samples, what is of the target first: a report draws
// so many series and no more. say is told what cannot be sampled.
func (st *setup) probes(ctx context.Context, say func(string)) ([]probe.Probe, error) {
	var all []probe.Probe
	if !st.notOurs {
		pages, err := st.pages(ctx, say)
		if err != nil {
			return nil, err
		}
		all = append(st.ofPrograms(), pages...)
	}
	if st.data != nil {
		postgres, err := probe.Postgres(probe.PostgresConfig{DSN: st.data.DSN()})
		if err != nil {
			return nil, err
		}
		if st.server != nil {
			postgres = whileUp{postgres, st.server}
		}
		all = append(all, postgres)
	}
	for _, d := range st.scenario.World.Dependencies {
		for _, g := range d.Gauges {
			all = append(all, probe.Gauge(g.Series, gaugeEvery, func() float64 { return g.Read(st.fakes[d.Name]) }))
		}
		if d.Probes != nil {
			all = append(all, d.Probes(st.fakes[d.Name])...)
		}
	}
	return append(append(all, probe.Machine()), st.witnesses()...), nil
}

// ofPrograms are the probes of the target's programs, each sort for all of them
// together.
func (st *setup) ofPrograms() []probe.Probe {
	all := []probe.Probe{
		st.together(func(i *instance) probe.Probe { return probe.Memory(i.tree) }),
		st.together(func(i *instance) probe.Probe { return counting{probe.Process(i.tree), i} }),
	}
	if probe.SocketsAreSeen {
		all = append(all, st.together(func(i *instance) probe.Probe { return i.sockets }))
	}
	if cgroups := st.together(boundedBy); cgroups != nil {
		all = append(all, cgroups)
	}
	return all
}

// boundedBy is the probe of a program's memory cgroup, nil where it has no limit.
func boundedBy(i *instance) probe.Probe {
	if dir, ok := i.Target.(memoryDir); ok && i.bounded {
		return probe.Cgroup(dir.MemoryDir)
	}
	return nil
}

// together is a probe of the programs that have one, with their sums; nil where none
// has.
func (st *setup) together(of func(*instance) probe.Probe) probe.Probe {
	var parts []probe.Part
	number := map[int]int{} // of a part, by that of its program
	for n, i := range st.instances {
		if p := of(i); p != nil {
			number[n] = len(parts)
			parts = append(parts, probe.Part{Name: i.place, Probe: p})
		}
	}
	if len(parts) == 0 {
		return nil
	}
	var sums []probe.Sum
	for _, g := range st.scenario.groups() {
		sum := probe.Sum{Name: g.place}
		for _, n := range g.slots {
			if part, has := number[n]; has {
				sum.Parts = append(sum.Parts, part)
			}
		}
		sums = append(sums, sum)
	}
	return probe.Together(parts, sums)
}

// counting is the probe of a program's processes, with the lives of the main one
// among what was started again.
type counting struct {
	probe.Probe
	of *instance
}

// Sample implements [probe.Probe].
func (c counting) Sample(ctx context.Context) ([]float64, error) {
	values, err := c.Probe.Sample(ctx)
	if err != nil {
		return nil, err
	}
	for i, s := range c.Series() {
		if s.Name == seriesRestarts {
			values[i] += float64(max(0, len(c.of.Ends())-1))
		}
	}
	return values, nil
}

// pages are the probes of the metrics that the programs publish, as far as they do:
// of the first that load goes to what the scenario watches, of all the others that
// load goes to their goroutines.
func (st *setup) pages(ctx context.Context, say func(string)) ([]probe.Probe, error) {
	ctx, cancel := context.WithTimeout(ctx, firstPage)
	defer cancel()
	var all []probe.Probe
	for n, i := range st.entry {
		metrics := []probe.Metric{probe.Goroutines()}
		if n == 0 {
			metrics = append(metrics, st.scenario.Watch...)
		}
		page, err := probe.Prometheus(probe.PrometheusConfig{URL: i.URL() + "/metrics", Metrics: metrics})
		if err != nil {
			return nil, err
		}
		// Not every service has such a page. Without it a check on one of its series
		// has no samples, and says so.
		values, err := page.Sample(ctx)
		if err == nil && len(metrics) == 1 && math.IsNaN(values[0]) {
			err = errors.New("they do not tell of goroutines")
		}
		if err != nil && (i.part == "" || len(st.scenario.Watch) > 0) {
			say(i.nameOf() + "'s /metrics are not sampled: " + err.Error())
		}
		if err == nil {
			all = append(all, published{page, i.place})
		}
	}
	return all, nil
}

// published are the metrics that a program publishes, under its name.
type published struct {
	probe.Probe
	place string
}

// Name implements [probe.Probe].
func (p published) Name() string {
	if p.place == OnTarget {
		return p.Probe.Name()
	}
	return p.Probe.Name() + " of " + p.place
}

// Series implements [probe.Probe].
func (p published) Series() []probe.Series {
	var all []probe.Series
	for _, s := range p.Probe.Series() {
		if s.Name == seriesGoroutines {
			s = probe.Named(s, p.place)
		}
		all = append(all, s)
	}
	return all
}

// Close ends what the probe holds open.
func (p published) Close() error {
	if c, ok := p.Probe.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}
