package harness

import (
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// display tells, while an experiment goes on, how things stand: the observer at
// each look, the result's file now and then.
type display struct {
	scenario Scenario
	observe  func(Event)
	sofar    func(LoadSeen)
	phase    string    // the one that was last shown
	written  time.Time // when the file was last written
}

// moment is how an experiment stands at one time of its clock.
type moment struct {
	at      time.Duration
	streams []load.Snapshot
	faults  []string // those that are on
	rss     float64  // the target's memory in bytes; 0 where it is not known
}

func (d *display) show(m moment) {
	e := Event{
		Kind: Tick, Scenario: d.scenario.Name, At: max(m.at, 0), Of: d.scenario.Timeline.Total(),
		Phase: d.scenario.Timeline.at(m.at), Streams: m.streams, Faults: m.faults, RSS: m.rss,
	}
	changed := e.Phase != d.phase
	if changed {
		d.phase = e.Phase
		d.observe(Event{Kind: PhaseStarted, Scenario: d.scenario.Name, Phase: e.Phase, At: e.At, Of: e.Of})
	}
	d.observe(e)
	if changed || time.Since(d.written) >= writeEvery {
		d.written = time.Now()
		d.sofar(LoadSeen{Phases: d.scenario.Timeline.until(m.at), Streams: counted(e.Streams)})
	}
}

// counted is what is known of streams that are still being sent.
func counted(live []load.Snapshot) []load.Tally {
	var all []load.Tally
	for _, s := range live {
		all = append(all, load.Tally{Stream: result.Stream{Name: s.Stream, Phases: []result.StreamPhase{}, Counts: result.Counts{
			Planned: s.Planned, Sent: s.Sent, OK: s.OK, Late: s.Late, Shed: s.Shed,
		}}})
	}
	return all
}
