package harness

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/result"
)

// Places to which a fault may be applied.
const (
	OnDatabase = "database" // the connections between the target and Postgres
	OnPostgres = "postgres" // Postgres itself, through a session of its own; a crash, on a server of the scenario's own
	OnTarget   = "target"   // the target's process; of several instances the first: see OnInstance
)

// Fault is one thing that goes wrong in a scenario: what, where and when. It can
// be written as a literal, or from its text form with [NewFault].
type Fault struct {
	// ID names the fault everywhere: in the result, in the receipt and the journal
	// of a fake, in every draw.
	ID   string
	On   string // OnDatabase, OnPostgres, OnTarget, OnInstance(2), the name of a process or of a dependency
	Kind fault.Kind
	// Instances is for how many of the replicas of a process it is, the first so many.
	// Defaults to all of them.
	Instances int
	// When selects the requests that it acts on, where the place knows requests.
	// Its times count from when the fault begins. Defaults to all.
	When fault.Selector
	// During is the phase that it lasts for. Defaults to inject.
	During string
	// After is how long after the start of that phase it begins, For how long it
	// lasts. Default to at once, and to the end of the phase.
	After, For time.Duration

	unreadable error // what was wrong with its text
}

// NewFault reads a fault for a place from its text form, that of docs/faults.md.
// It lasts for the inject phase. What is wrong with the text is reported by
// [Scenario.Validate].
func NewFault(id, on, text string) Fault {
	parsed, err := fault.Parse(text)
	if err == nil && parsed.ID != "" && parsed.ID != id {
		err = fmt.Errorf("its text calls it %q", parsed.ID)
	}
	return Fault{ID: id, On: on, Kind: parsed.Kind, When: parsed.When, unreadable: err}
}

// Throughout is the window of a fault that is a condition of the experiment: from
// the first request until all is done. It outlasts the last request, for an
// answer under way must not see it end, and what the load has caused meets it, too.
const Throughout = "throughout"

// window returns when the fault acts.
func (f Fault) window(t Timeline) (from, to time.Duration) {
	phase := cmp.Or(f.During, result.Inject)
	from, to = t.Start(phase), t.Start(phase)+t.Length(phase)
	if phase == Throughout {
		from, to = 0, t.end()
	}
	from += f.After
	if f.For > 0 {
		to = min(to, from+f.For)
	}
	return from, to
}

// What is the fault without its place and its time.
func (f Fault) What() fault.Fault { return fault.Fault{ID: f.ID, Kind: f.Kind, When: f.When} }

// planned puts the fault on the clock.
func (f Fault) planned(t Timeline) chaos.Planned {
	p := chaos.Planned{Fault: f.What(), On: f.place()}
	p.From, p.To = f.window(t)
	switch {
	case fault.IsOneShot(f.Kind):
		p.To = 0
	case f.During == Throughout && f.For == 0:
		p.To = t.latest() // a drain that goes on is part of it
	}
	return p
}

// firstFault is when the first fault begins that does not last throughout; zero
// where there is none.
func (s Scenario) firstFault() time.Duration {
	first := time.Duration(0)
	for _, f := range s.Faults {
		if from, _ := f.window(s.Timeline); f.During != Throughout && from > 0 && (first == 0 || from < first) {
			first = from
		}
	}
	return first
}

// plan puts the scenario's faults on the clock.
func (s Scenario) plan() []chaos.Planned {
	var plan []chaos.Planned
	for _, f := range s.Faults {
		plan = append(plan, f.planned(s.Timeline))
	}
	return plan
}

// supports says, by place, what can be done there. Nothing has to be there yet.
func (s Scenario) supports() map[string]fault.Support {
	places := map[string]fault.Support{
		OnDatabase: chaos.ProxySupport(), OnPostgres: chaos.SessionsSupport(), OnTarget: chaos.ProcessSupport(),
	}
	for _, name := range s.programs() {
		places[name] = chaos.ProcessSupport()
	}
	for _, f := range s.Faults {
		if support, ok := places[f.On]; ok {
			places[f.place()] = support
		}
	}
	for _, d := range s.World.Dependencies {
		places[d.Name] = d.Faults
		for part, support := range d.Parts {
			places[d.part(part)] = support
		}
	}
	return places
}

// part is the place that a part of the dependency is.
func (d Dependency) part(name string) string { return d.Name + "." + name }

// faultsAt are the kinds that the scenario lays at the dependency or a part of it.
func (s Scenario) faultsAt(d Dependency) []fault.Kind {
	places := []string{d.Name}
	for part := range d.Parts {
		places = append(places, d.part(part))
	}
	var all []fault.Kind
	for _, f := range s.Faults {
		if slices.Contains(places, f.On) {
			all = append(all, f.Kind)
		}
	}
	return all
}
