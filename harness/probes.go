package harness

import (
	"context"
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

// probes are what every experiment samples; say is told what cannot be.
func (st *setup) probes(ctx context.Context, say func(string)) ([]probe.Probe, error) {
	all := append(st.witnesses(), probe.Memory(st.tree), probe.Process(st.tree), probe.Machine())
	if probe.SocketsAreSeen {
		all = append(all, st.sockets)
	}
	if st.data != nil {
		postgres, err := probe.Postgres(probe.PostgresConfig{DSN: st.data.DSN()})
		if err != nil {
			return nil, err
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
	if dir, ok := st.target.(memoryDir); ok && st.limited {
		all = append(all, probe.Cgroup(dir.MemoryDir))
	}
	for i, t := range st.targets[1:] {
		tree := treeOf(t)
		all = append(all, another{probe.Memory(tree), i + 2}, another{probe.Process(tree), i + 2})
		if probe.SocketsAreSeen {
			all = append(all, another{probe.NewSockets(tree), i + 2})
		}
		if dir, ok := t.(memoryDir); ok && st.limited {
			all = append(all, another{probe.Cgroup(dir.MemoryDir), i + 2})
		}
	}
	page, err := probe.Prometheus(probe.PrometheusConfig{URL: st.target.URL() + "/metrics", Metrics: append([]probe.Metric{probe.Goroutines()}, st.scenario.Watch...)})
	if err != nil {
		return nil, err
	}
	// Not every service has such a page. Without it a check on one of its series
	// has no samples, and says so.
	ctx, cancel := context.WithTimeout(ctx, firstPage)
	defer cancel()
	if _, err := page.Sample(ctx); err != nil {
		say("the target's /metrics are not sampled: " + err.Error())
		return all, nil
	}
	all = append(all, page)
	for i, t := range st.targets[1:] {
		page, err := probe.Prometheus(probe.PrometheusConfig{URL: t.URL() + "/metrics", Metrics: []probe.Metric{probe.Goroutines()}})
		if err != nil {
			return nil, err
		}
		all = append(all, another{page, i + 2})
	}
	return all, nil
}
