package backing

import (
	"context"
	"math"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// gaugeEvery is the time between two samples of what a dependency counts itself.
const gaugeEvery = 50 * time.Millisecond

// counts are what is measured of every dependency of this sort, beside its processes:
//
//	NAME.connections   that its clients have open
//	NAME.bytes_sent    by its clients to it so far; only where a proxy stands before it
//	NAME.bytes_received
func (c Config) counts() []probe.Series {
	return []probe.Series{
		{Name: c.Name + ".connections", Unit: result.UnitCount},
		{Name: c.Name + ".bytes_sent", Unit: result.UnitBytes},
		{Name: c.Name + ".bytes_received", Unit: result.UnitBytes},
	}
}

// counters sample those that can be measured here.
func (b *Backing) counters() []probe.Probe {
	all := b.config.counts()
	if b.proxy == nil {
		if math.IsNaN(established(b.own, b.instance != nil)) {
			return nil
		}
		return []probe.Probe{probe.Gauge(all[0], countEvery, func() float64 { return established(b.own, b.instance != nil) })}
	}
	return []probe.Probe{probe.Gauges(b.config.Name+" connections", gaugeEvery, all, func(context.Context) ([]float64, error) {
		s := b.proxy.Stats()
		return []float64{float64(s.Open), float64(s.BytesUp), float64(s.BytesDown)}, nil
	})}
}

// countEvery is between two counts of the machine's connections, which are as many
// as the load makes them.
const countEvery = 500 * time.Millisecond

// series are what is measured of it, and of the program's processes.
func (c Config) series() []probe.Series {
	all := c.counts()
	if c.Address != "" {
		return all
	}
	for _, p := range c.processProbes(probe.NewTree(probe.TreeConfig{Root: func() (int32, bool) { return 0, false }})) {
		all = append(all, p.Series()...)
	}
	return all
}

// probes sample it, and the program's processes: NAME.rss, NAME.cpu and so on.
func (c Config) probes(f harness.Fake) []probe.Probe {
	b, ok := f.(*Backing)
	if !ok {
		return nil
	}
	all := b.counters()
	if b.instance == nil {
		return all
	}
	return append(all, c.processProbes(b.tree())...)
}

// tree is the program's processes.
func (b *Backing) tree() *probe.Tree {
	return probe.NewTree(probe.TreeConfig{Root: b.instance.PID, Group: b.instance.MemoryDir, Mark: b.instance.Mark})
}

func (c Config) processProbes(tree *probe.Tree) []probe.Probe {
	return []probe.Probe{named{probe.Memory(tree), c.Name}, named{probe.Process(tree), c.Name}}
}

// named is a probe of the target's as one of a dependency's.
type named struct {
	probe.Probe
	name string
}

// Name implements [probe.Probe].
func (n named) Name() string { return n.name + strings.TrimPrefix(n.Probe.Name(), "target") }

// Series implements [probe.Probe].
func (n named) Series() []probe.Series {
	var all []probe.Series
	for _, s := range n.Probe.Series() {
		s.Name = n.name + strings.TrimPrefix(s.Name, "target")
		all = append(all, s)
	}
	return all
}

// Close ends what the probe holds open.
func (n named) Close() error {
	if c, ok := n.Probe.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}
