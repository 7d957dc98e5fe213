package harness

import (
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// Names of the series that more than the metric registry knows.
const (
	seriesRSS        = "target.rss"
	seriesRestarts   = "target.restarts"
	seriesGoroutines = "target.goroutines"
	seriesCgroup     = "target.cgroup.memory"
	seriesMachine    = "machine.cpu"
)

// seriesOf are the series that the probes of a scenario yield, known before
// anything is started.
func seriesOf(s Scenario) []probe.Series {
	all := []probe.Series{
		ratio("machine.cpu"), ratio("machine.steal"), count("machine.load1"), bytes("machine.memory_available"),
		cores("harness.cpu"), bytes("harness.rss"),
	}
	for _, place := range s.programs() {
		for _, of := range seriesOfProgram() {
			all = append(all, probe.Named(of, place))
		}
	}
	if s.World.hasData() {
		all = append(all, count("db.connections.total"), count("db.connections.active"), count("db.connections.idle"),
			count("db.connections.idle_in_transaction"), count("db.locks.waiting"))
	}
	all = append(all, witnessSeries(s)...)
	for _, m := range s.Watch {
		all = append(all, m.Series)
	}
	for _, g := range s.Samples {
		all = append(all, g.series())
	}
	for _, d := range s.World.Dependencies {
		for _, g := range d.Gauges {
			all = append(all, g.Series)
		}
		all = append(all, d.Series...)
	}
	return all
}

// seriesOfProgram are those of one program of the target, as of the target.
func seriesOfProgram() []probe.Series {
	return []probe.Series{
		bytes(seriesRSS), bytes("target.rss_peak"),
		cores("target.cpu"), count("target.threads"), count("target.open_files"), count(seriesGoroutines),
		count("target.processes"), count(seriesRestarts), count("target.sockets"),
		bytes(seriesCgroup), bytes("target.cgroup.memory_peak"), bytes("target.cgroup.memory_limit"),
	}
}

func bytes(name string) probe.Series { return probe.Series{Name: name, Unit: result.UnitBytes} }
func count(name string) probe.Series { return probe.Series{Name: name, Unit: result.UnitCount} }
func cores(name string) probe.Series { return probe.Series{Name: name, Unit: probe.UnitCores} }
func ratio(name string) probe.Series { return probe.Series{Name: name, Unit: result.UnitRatio} }
