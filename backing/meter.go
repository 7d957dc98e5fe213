package backing

import (
	"math"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// gauges are what is measured of every dependency of this sort:
//
//	NAME.connections   that its clients have open
//	NAME.bytes_sent    by its clients to it so far; only where a proxy stands before it
//	NAME.bytes_received
func gauges(name string) []harness.Gauge {
	counted := func(what, unit string, read func(*Backing) float64) harness.Gauge {
		return harness.Gauge{Series: probe.Series{Name: name + "." + what, Unit: unit}, Read: func(f harness.Fake) float64 { return read(f.(*Backing)) }}
	}
	return []harness.Gauge{
		counted("connections", result.UnitCount, (*Backing).connections),
		counted("bytes_sent", result.UnitBytes, func(b *Backing) float64 {
			if b.proxy == nil {
				return math.NaN()
			}
			return float64(b.proxy.Stats().BytesUp)
		}),
		counted("bytes_received", result.UnitBytes, func(b *Backing) float64 {
			if b.proxy == nil {
				return math.NaN()
			}
			return float64(b.proxy.Stats().BytesDown)
		}),
	}
}

// connections are those that its clients have open.
func (b *Backing) connections() float64 {
	if b.proxy != nil {
		return float64(b.proxy.Stats().Open)
	}
	return b.meter.read(b.own, b.instance != nil)
}

// countEvery is between two counts of the machine's connections, which are as many
// as the load makes them.
const countEvery = 500 * time.Millisecond

// meter counts connections in the kernel's table, now and then.
type meter struct {
	mu   sync.Mutex // guards below
	at   time.Time
	last float64
}

func (m *meter) read(address string, ours bool) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.at) >= countEvery {
		m.at, m.last = time.Now(), established(address, ours)
	}
	return m.last
}

// series are those of the program's processes.
func (c Config) series() []probe.Series {
	if c.Address != "" {
		return nil
	}
	var all []probe.Series
	for _, p := range c.processProbes(probe.NewTree(probe.TreeConfig{Root: func() (int32, bool) { return 0, false }})) {
		all = append(all, p.Series()...)
	}
	return all
}

// probes sample the program's processes: NAME.rss, NAME.cpu and so on.
func (c Config) probes(f harness.Fake) []probe.Probe {
	b, ok := f.(*Backing)
	if !ok || b.instance == nil {
		return nil
	}
	return c.processProbes(probe.NewTree(probe.TreeConfig{Root: b.instance.PID, Group: b.instance.MemoryDir, Mark: b.instance.Mark}))
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
