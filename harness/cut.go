package harness

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

const (
	// settled is how long a request must have been under way to count as taken on:
	// a younger one may still stand before a door that is just being closed.
	settled = 250 * time.Millisecond
	// maxFlights bounds the requests that are remembered.
	maxFlights = 1 << 17
)

// stops reports whether the scenario asks the target to end.
func (s Scenario) stops() bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Kind == fault.Terminate{} })
}

// addCut enters how many requests that the target had taken on were cut by its stop.
func (r metrics) addCut(s Scenario) {
	if !s.stops() {
		return
	}
	for _, of := range s.requests() {
		r.addReading(verdict.Descriptor{
			Name: cutOf(of.name), Unit: result.UnitCount,
			About: "requests under way for a while when the target was asked to end, of which the connection broke",
		})
	}
}

// sent is a name under which requests are sent, and the process that they go to, where
// the target has several.
type sent struct{ name, process string }

// requests are the names under which requests are sent: of streams, and of the steps
// of journeys.
func (s Scenario) requests() []sent {
	entry := ""
	if len(s.Parts) > 0 {
		entry = s.Parts[0].Name
	}
	var all []sent
	for _, stream := range s.Load {
		parts := stream.Parts()
		for _, part := range parts[min(1, len(parts)-1):] {
			all = append(all, sent{part.Name, cmp.Or(stream.To, entry)})
		}
	}
	return all
}

func cutOf(stream string) string { return stream + ".cut" }

// flights are the requests that were under way for a while.
type flights struct {
	mu  sync.Mutex
	all []load.Exchange
}

// note takes note of a request that has ended.
func (f *flights) note(x load.Exchange) {
	if x.End-x.Sent < settled {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all) < maxFlights {
		f.all = append(f.all, x)
	}
}

// stop is a moment at which an instance, from 0, was asked to end: of a process, where
// the target has several.
type stop struct {
	at       time.Duration
	process  string
	instance int
}

// stopsOf are those that took place.
func stopsOf(s Scenario, seen []result.Fault) (all []stop) {
	for i, f := range s.Faults {
		if i >= len(seen) || f.Kind != (fault.Terminate{}) || seen[i].Fired == 0 {
			continue
		}
		slots := s.slots()
		for _, n := range s.slotsAt(f) {
			all = append(all, stop{result.Seconds(seen[i].StartS), slots[n].part, max(0, slots[n].n-1)})
		}
	}
	return all
}

// cut reads, of the stops in a window, how many requests of the stream to a process they cut,
// out of those that were under way for a while by then.
func (f *flights) cut(stream, process string, stops []stop, w verdict.Window) (r verdict.Reading) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range stops {
		if s.at < w.From || s.at >= w.To || s.process != process {
			continue
		}
		for _, x := range f.all {
			if x.Stream != stream || x.Instance != s.instance || x.Sent > s.at-settled || x.End < s.at {
				continue
			}
			r.Samples++
			if x.Class == load.ClassReset || x.Class == load.ClassEOF {
				r.Value++
			}
		}
	}
	return r
}

// readCuts reads what the stops of the target cut.
func (l *live) readCuts(seen *LoadSeen) {
	if l.flights == nil {
		return
	}
	stops := stopsOf(l.scenario, seen.Faults)
	for _, of := range l.scenario.requests() {
		seen.read(cutOf(of.name), func(w verdict.Window) verdict.Reading { return l.flights.cut(of.name, of.process, stops, w) })
	}
}
