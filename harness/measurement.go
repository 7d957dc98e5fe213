package harness

import (
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
)

// Measurement is all that was seen of one experiment, and all that [Conclude]
// needs beside the scenario: values only. All offsets are on the scenario's clock.
type Measurement struct {
	Started  time.Time     // when it was begun, set-up included
	Duration time.Duration // until all was taken down again
	// Without names the protections that the target lacked, Settings are its
	// environment without credentials, MemoryLimit its limit in bytes (0: none).
	Without     []string
	Settings    map[string]string
	MemoryLimit uint64
	// NotOurs says that somebody else runs the target: how it lives is not seen.
	NotOurs bool
	// StandingOff are the standing checks that were switched off, with the reasons.
	StandingOff map[string]string
	// Pace is that of the scenario where it is not the planned one. Nil: it is.
	Pace *result.Pace
	// Ceiling is what the load generator itself could send.
	Ceiling load.Ceiling

	// Load is what became of the load. Nil: it was not begun.
	Load *LoadSeen
	// Ends tell how each life of the target ended, Log has its last lines.
	Ends []result.End
	Log  []string

	// Unmet is why the data was not fit for the scenario, Failed what else kept the
	// experiment from being carried out as it should. Empty: nothing.
	Unmet  string
	Failed string
	// Played is what became of the hosts that are replaced.
	Played []PlayedSeen
	// Contact is what ended the experiment of its target's doing: a call of somebody
	// whom nobody named, a socket that others can reach. Empty: nothing.
	Contact string
}

// LoadSeen is what was seen of an experiment from the first request on.
type LoadSeen struct {
	// Over is when the last answer was there and what it had caused was done.
	Over time.Duration
	// Phases are those that took place, as far as they did.
	Phases  []result.Phase
	Streams []load.Tally
	// Fleet is how several workers sent the load. Nil: this process did.
	Fleet  *result.Fleet
	Faults []result.Fault
	Record probe.Record
	Events []result.Annotation
	// Readings are what fakes, the scenario's own measures and its reconciliation
	// measured: by metric, and by phase ("" is all that follows the warm-up).
	Readings map[string]map[string]verdict.Reading
	// Notes are what is worth to know of a metric where a check on it did not pass:
	// examples, why it could not be measured.
	Notes  map[string][]string
	Ledger *result.Ledger // nil: none was drawn up
	// Webhooks are what fakes have sent to the target.
	Webhooks []result.Webhooks
	// Standing is what the standing checks found.
	Standing []standing.Finding
	// Findings are what its reconciliation looked at one by one.
	Findings []standing.Finding
	// Backings are what was seen of the dependencies that are no fakes.
	Backings []BackingSeen
	// Vanished is what was taken away of what the target stands on; empty if nothing was.
	Vanished string
	// Interrupted is what cut it short from outside; empty if nothing did.
	Interrupted string
	// Lost is the check for which it was ended early, as [Config.FailFast] or the check
	// itself asks. Nil: it was not.
	Lost *Lost
	// Died is how the target ended where no fault had ended it.
	Died *result.End
}

// whole reports whether nothing cut the experiment short but its target.
func (l *LoadSeen) whole() bool { return l.Interrupted == "" && l.Lost == nil }

// reading is what was measured of a metric in a phase.
func (l *LoadSeen) reading(metric, phase string) verdict.Reading {
	if l == nil {
		return verdict.Reading{}
	}
	return l.Readings[metric][phase]
}

// outcome is what became of a stream.
func (l *LoadSeen) outcome(stream string) (load.Tally, bool) {
	if l == nil {
		return load.Tally{}, false
	}
	return State{Streams: l.Streams}.Stream(stream)
}

// readMeasures reads what the scenario's and its dependencies' measures say, and what
// these have sent to the target.
func (l *LoadSeen) readMeasures(st *setup) {
	state := st.state()
	state.Streams = l.Streams
	for _, d := range st.scenario.World.Dependencies {
		if c, ok := state.Fakes[d.Name].(Caller); ok {
			l.Webhooks = append(l.Webhooks, c.Webhooks(st.start)...)
		}
	}
	for _, m := range st.scenario.measures() {
		l.read(m.Name, func(w verdict.Window) verdict.Reading { return m.Read(state, w) })
	}
}

// read takes the reading of a metric in each window that took place. The first
// that reads a metric is believed: a metric has one meaning.
func (l *LoadSeen) read(metric string, of func(verdict.Window) verdict.Reading) {
	if l.Readings == nil {
		l.Readings = map[string]map[string]verdict.Reading{}
	}
	if l.Readings[metric] != nil {
		return
	}
	l.Readings[metric] = map[string]verdict.Reading{}
	for _, phase := range phaseNames() {
		if w, ok := verdict.WindowOf(l.Phases, phase); ok {
			l.Readings[metric][phase] = of(w)
		}
	}
}

// note keeps what is worth to know of a metric; nothing is not.
func (l *LoadSeen) note(metric, text string) {
	if text == "" {
		return
	}
	if l.Notes == nil {
		l.Notes = map[string][]string{}
	}
	l.Notes[metric] = append(l.Notes[metric], text)
}

// phaseNames are those that a check may name; "" is all that follows the warm-up.
func phaseNames() []string {
	return []string{"", result.WarmUp, result.Baseline, result.Inject, result.Heal, result.Drain}
}
