package harness

import (
	"context"
	"time"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// Names of the series that more than the book knows.
const (
	seriesRSS     = "target.rss"
	seriesCgroup  = "target.cgroup.memory"
	seriesMachine = "machine.cpu"
)

// firstPage bounds the first look at the target's metrics.
const firstPage = 2 * time.Second

// memoryDir is a target that runs in a memory cgroup of its own.
type memoryDir interface{ MemoryDir() (string, bool) }

// probes are what every scenario samples.
func (st *experiment) probes(ctx context.Context) ([]probe.Probe, error) {
	postgres, err := probe.Postgres(probe.PostgresConfig{DSN: st.db.DSN()})
	if err != nil {
		return nil, err
	}
	all := []probe.Probe{probe.Memory(st.target.PID), probe.Process(st.target.PID), postgres, probe.Machine()}
	all = append(all, st.gauges()...)
	if dir, ok := st.target.(memoryDir); ok && st.lab.cfg.Target.MemoryLimit > 0 {
		all = append(all, probe.Cgroup(dir.MemoryDir))
	}
	page, err := probe.Prometheus(probe.PrometheusConfig{URL: st.target.URL() + "/metrics", Metrics: append([]probe.Metric{probe.Goroutines()}, st.s.Watch...)})
	if err != nil {
		return nil, err
	}
	// Not every service has such a page. Without it a check on one of its series
	// has no samples, and says so.
	ctx, cancel := context.WithTimeout(ctx, firstPage)
	defer cancel()
	if _, err := page.Sample(ctx); err != nil {
		st.lab.say("the target's /metrics are not sampled: " + err.Error())
		return all, nil
	}
	return append(all, page), nil
}

// expectedSeries are the series that those probes yield, known before anything
// is started; a test compares the two.
func expectedSeries() []probe.Series {
	bytes := func(name string) probe.Series { return probe.Series{Name: name, Unit: result.UnitBytes} }
	count := func(name string) probe.Series { return probe.Series{Name: name, Unit: result.UnitCount} }
	cores := func(name string) probe.Series { return probe.Series{Name: name, Unit: probe.UnitCores} }
	ratio := func(name string) probe.Series { return probe.Series{Name: name, Unit: result.UnitRatio} }
	return []probe.Series{
		bytes("target.rss"), bytes("target.rss_peak"),
		cores("target.cpu"), count("target.threads"), count("target.open_files"), count("target.goroutines"),
		bytes("target.cgroup.memory"), bytes("target.cgroup.memory_peak"), bytes("target.cgroup.memory_limit"),
		count("db.connections.total"), count("db.connections.active"), count("db.connections.idle"),
		count("db.connections.idle_in_transaction"), count("db.locks.waiting"),
		ratio("machine.cpu"), ratio("machine.steal"), count("machine.load1"), bytes("machine.memory_available"),
		cores("harness.cpu"), bytes("harness.rss"),
	}
}
