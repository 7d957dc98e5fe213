package harness

import (
	"slices"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// Names of the series that more than the metric registry knows.
const (
	seriesRSS     = "target.rss"
	seriesCgroup  = "target.cgroup.memory"
	seriesMachine = "machine.cpu"
)

// seriesOf are the series that the probes of a scenario yield, known before
// anything is started.
func seriesOf(s Scenario) []probe.Series {
	all := []probe.Series{
		bytes("target.rss"), bytes("target.rss_peak"),
		cores("target.cpu"), count("target.threads"), count("target.open_files"), count("target.goroutines"),
		count("target.processes"), count("target.restarts"), count("target.sockets"),
		bytes("target.cgroup.memory"), bytes("target.cgroup.memory_peak"), bytes("target.cgroup.memory_limit"),
		ratio("machine.cpu"), ratio("machine.steal"), count("machine.load1"), bytes("machine.memory_available"),
		cores("harness.cpu"), bytes("harness.rss"),
	}
	if s.World.hasData() {
		all = append(all, count("db.connections.total"), count("db.connections.active"), count("db.connections.idle"),
			count("db.connections.idle_in_transaction"), count("db.locks.waiting"))
	}
	ofOne := slices.Clone(all)
	for n := 2; n <= s.instances(); n++ {
		all = append(all, ofInstance(n, ofOne)...)
	}
	all = append(all, witnessSeries(s)...)
	for _, m := range s.Watch {
		all = append(all, m.Series)
	}
	for _, d := range s.World.Dependencies {
		for _, g := range d.Gauges {
			all = append(all, g.Series)
		}
		all = append(all, d.Series...)
	}
	return all
}

func bytes(name string) probe.Series { return probe.Series{Name: name, Unit: result.UnitBytes} }
func count(name string) probe.Series { return probe.Series{Name: name, Unit: result.UnitCount} }
func cores(name string) probe.Series { return probe.Series{Name: name, Unit: probe.UnitCores} }
func ratio(name string) probe.Series { return probe.Series{Name: name, Unit: result.UnitRatio} }
