package harness

import (
	"cmp"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Timeline is how long each phase of a scenario lasts. A phase of no length
// does not take place. Drain is the most that the last answers are waited for.
type Timeline struct {
	WarmUp, Baseline, Inject, Heal time.Duration
	// Drain defaults to [DefaultDrain]. Where the run was disturbed from outside, it
	// takes up to twice as long.
	Drain time.Duration
}

// DefaultDrain is the most that a scenario waits for the last answers.
const DefaultDrain = 30 * time.Second

// all lists the phases of the load, in order, also those of no length.
func (t Timeline) all() []result.Phase {
	var phases []result.Phase
	at := time.Duration(0)
	for _, p := range []struct {
		name   string
		length time.Duration
	}{{result.WarmUp, t.WarmUp}, {result.Baseline, t.Baseline}, {result.Inject, t.Inject}, {result.Heal, t.Heal}} {
		phases = append(phases, result.Phase{Name: p.name, From: at, To: at + p.length})
		at += p.length
	}
	return phases
}

// Phases returns the planned phases of the load, in order, from 0.
func (t Timeline) Phases() []result.Phase {
	var phases []result.Phase
	for _, p := range t.all() {
		if p.Length() > 0 {
			phases = append(phases, p)
		}
	}
	return phases
}

// Total is how long the load lasts: all phases but the drain.
func (t Timeline) Total() time.Duration { return t.WarmUp + t.Baseline + t.Inject + t.Heal }

// end is when the drain is over at the latest.
func (t Timeline) end() time.Duration { return t.Total() + cmp.Or(t.Drain, DefaultDrain) }

// latest is when it is over at the latest, however long it was disturbed.
func (t Timeline) latest() time.Duration { return 2*t.end() - t.Total() }

// endAfter is when the drain is over at the latest where that disturbed the run: what
// was lost of its time comes on top, and as much again, in which what has piled up is
// done; no more than the drain may take once more.
func (t Timeline) endAfter(disturbed []result.Disturbance) time.Duration {
	return t.end() + min(2*timeIn(disturbed), t.end()-t.Total())
}

// timeIn is for how long at least one disturbance lasted, of those in order of their
// beginnings, since the scenario began.
func timeIn(disturbed []result.Disturbance) time.Duration {
	var sum, until time.Duration
	for _, d := range disturbed {
		from, to := max(until, result.Seconds(d.FromS)), result.Seconds(d.ToS)
		if to > from {
			sum, until = sum+to-from, to
		}
	}
	return sum
}

// Start returns when a phase of the load begins.
func (t Timeline) Start(phase string) time.Duration { return t.phase(phase).From }

// Length returns how long a phase of the load lasts.
func (t Timeline) Length(phase string) time.Duration { return t.phase(phase).Length() }

func (t Timeline) phase(name string) result.Phase {
	for _, p := range t.all() {
		if p.Name == name {
			return p
		}
	}
	return result.Phase{}
}

// until are the phases as they took place until that moment: the load's, cut
// where it was cut, and the drain behind it.
func (t Timeline) until(at time.Duration) []result.Phase {
	var phases []result.Phase
	for _, p := range t.Phases() {
		if p.From >= at {
			return phases
		}
		p.To = min(p.To, at)
		phases = append(phases, p)
	}
	if total := t.Total(); at > total {
		phases = append(phases, result.Phase{Name: result.Drain, From: total, To: at})
	}
	return phases
}

// at names the phase of a moment; behind the load it is the drain.
func (t Timeline) at(moment time.Duration) string {
	for _, p := range t.Phases() {
		if moment < p.To {
			return p.Name
		}
	}
	return result.Drain
}
