// Package telemetry has the figures of a run while it goes on, for those whose
// dashboards are to show load and faults beside their own series.
//
// Enter at [New]. The figures are told what happens with [Figures.Observe] and
// [Figures.Exchange], which a run's configuration takes as they are, and tell it on: as
// a page of Prometheus ([Handler], [Listen]), and by OpenTelemetry's protocol, which the
// package otlp does.
//
// What becomes of a stream is counted by the harness alone. These figures are its
// numbers, twice a second while a scenario runs and exactly those of run.json when it
// has ended. Latencies are counted here, request by request, since no number that is
// known meanwhile is a distribution.
package telemetry

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// Run is what a run is known by.
type Run struct {
	ID, Profile, Version string
	Seed                 uint64
}

// Key names a stream of requests: a scenario may be tried more than once, and each try,
// from 1, has figures of its own. Of a journey each step is a stream, too.
type Key struct {
	Scenario, Stream string
	Try              int
}

func (k Key) compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Scenario, other.Scenario), cmp.Compare(k.Try, other.Try), cmp.Compare(k.Stream, other.Stream))
}

// Stream is what has become of the requests of one stream until now. Planned is what
// was due; what of it was not sent is Late, Shed or Unsent.
type Stream struct {
	Key
	Planned, Sent, OK, Failed int64
	Refused                   int64 // by the target, in order
	Late, Shed                int64 // not sent by the generator: it was too far behind, too many were open
	InFlight                  int64
	Unsent                    *int64 // not sent for another reason; nil: not known before the end
}

// Fault is a fault of a scenario that runs or has run.
type Fault struct {
	Scenario, Name string
	Active         bool
}

// Durations are told of each request that has ended, from many goroutines at once: how
// long it took from the moment it was due.
type Durations interface {
	Took(of Key, d time.Duration)
}

// Figures are those of one run. All methods may be called from many goroutines at once.
type Figures struct {
	Run
	durations []Durations

	mu      sync.RWMutex // guards what follows
	tries   map[string]int
	streams map[Key]Stream
	faults  map[string]map[string]bool // by scenario and name: is it active?
}

// New returns the figures of a run that has not begun; durations are told of each
// request.
func New(run Run, durations ...Durations) *Figures {
	return &Figures{Run: run, durations: durations, tries: map[string]int{}, streams: map[Key]Stream{}, faults: map[string]map[string]bool{}}
}

// Observe takes what the harness saw.
func (f *Figures) Observe(e harness.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch e.Kind {
	case harness.ScenarioStarted:
		f.tries[e.Scenario] = len(e.Tries) + 1
		f.lay(e.Scenario, e.Planned, nil)
	case harness.Tick:
		for _, s := range e.Streams {
			k := f.key(e.Scenario, s.Stream)
			f.streams[k] = Stream{
				Key: k, Planned: s.Planned, Sent: s.Sent, OK: s.OK, Failed: s.Failed, Refused: s.ShedByTarget,
				Late: s.Late, Shed: s.Shed, InFlight: s.InFlight,
			}
		}
		f.lay(e.Scenario, nil, e.Faults)
	case harness.ScenarioEnded:
		for _, s := range e.Result.Streams {
			f.ended(f.key(e.Scenario, s.Name), s.Counts)
		}
		f.lay(e.Scenario, nil, nil)
	}
}

// ended enters what a stream came to. The lock is held.
func (f *Figures) ended(k Key, c result.Counts) {
	f.streams[k] = Stream{
		Key: k, Planned: c.Planned, Sent: c.Sent, OK: c.OK, Failed: load.Failed(c), Refused: c.Errors[load.ClassShedByTarget],
		Late: c.Late, Shed: c.Shed, Unsent: &c.Unsent,
	}
}

// lay enters which faults of a scenario are active, beside those that are known or now
// become so. The lock is held.
func (f *Figures) lay(scenario string, known, active []string) {
	if f.faults[scenario] == nil {
		f.faults[scenario] = map[string]bool{}
	}
	all := f.faults[scenario]
	for name := range all {
		all[name] = false
	}
	for _, name := range known {
		all[name] = false
	}
	for _, name := range active {
		all[name] = true
	}
}

// key is that of a stream in the try that goes on. The lock is held.
func (f *Figures) key(scenario, stream string) Key {
	return Key{Scenario: scenario, Stream: stream, Try: max(f.tries[scenario], 1)}
}

// Exchange takes a request, or a whole journey, that has ended.
func (f *Figures) Exchange(scenario string, _ time.Time, x load.Exchange) {
	if x.Unplanned { // nobody knows how long it took from when it was due
		return
	}
	f.mu.RLock()
	of := f.key(scenario, x.Stream)
	f.mu.RUnlock()
	for _, d := range f.durations {
		d.Took(of, x.End-x.Due)
	}
}

// Streams are all streams of which something is known, in one order.
func (f *Figures) Streams() []Stream {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.SortedFunc(maps.Values(f.streams), func(a, b Stream) int { return a.compare(b.Key) })
}

// Faults are all faults of scenarios that have begun, in one order.
func (f *Figures) Faults() []Fault {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var all []Fault
	for _, scenario := range slices.Sorted(maps.Keys(f.faults)) {
		for _, name := range slices.Sorted(maps.Keys(f.faults[scenario])) {
			all = append(all, Fault{scenario, name, f.faults[scenario][name]})
		}
	}
	return all
}
