package harness

import (
	"os"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// Event is one thing that happened in a run, for whoever watches it. Only the
// fields of its kind are set.
type Event struct {
	Kind     EventKind
	Scenario string
	// At is the time on the scenario's clock, Of how long the load lasts in all.
	At, Of  time.Duration
	Phase   string           // PhaseStarted, Tick
	Text    string           // Note
	Streams []load.Snapshot  // Tick
	Faults  []string         // Tick: the faults that are on now
	RSS     float64          // Tick: the target's memory in bytes; 0 when not known
	Result  *result.Scenario // ScenarioEnded
	N, All  int              // ScenarioStarted: which of how many
	Company bool             // ScenarioStarted: others of the run may go on beside it
	Tries   []result.Try     // ScenarioStarted: earlier ones that showed nothing
	Planned []string         // ScenarioStarted: the faults that there will be, as Faults names them
}

// EventKind says what an [Event] is about.
type EventKind string

// The kinds of events, in the order in which they come. Note may come at any time.
const (
	Note            EventKind = "note" // what was chosen or done, in one line
	ScenarioStarted EventKind = "scenario-started"
	PhaseStarted    EventKind = "phase"
	Tick            EventKind = "tick" // about twice a second while there is load
	ScenarioEnded   EventKind = "scenario-ended"
)

// Interrupted is the cause with which a run's context is cancelled when a
// signal ends it: what was measured until then is still judged and written.
type Interrupted struct{ Signal os.Signal }

func (i *Interrupted) Error() string { return "interrupted by " + i.Signal.String() }

// oneAtATime is an observer that is told of one thing at a time.
func oneAtATime(observe func(Event)) func(Event) {
	var mu sync.Mutex
	return func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		observe(e)
	}
}
