// Package profile is what the scenarios of all services share: how big and how
// long they are, the timelines that come of it, the data that they start from,
// and how a time that is compressed is told.
//
// Enter at [ByName]; a scenario is a function of a [Profile].
package profile

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness"
)

// Profile is how big and how long the scenarios are.
type Profile struct {
	Name string
	// Projects is the size of the data set that most scenarios search.
	Projects int
	// Large is the size of the bigger one; 0 leaves its scenarios out.
	Large int
	// Scale is the size that search/scale searches.
	Scale int
	// WarmUp lets the target fill its connection pool; Phase is the length of one
	// phase of load.
	WarmUp, Phase time.Duration
	// CallTimeout is how long a call to an oracle, and a whole request, may take.
	CallTimeout time.Duration
	// Refused is how many tasks fail because their API key is refused.
	Refused int
}

// MaxMemory is the source's "mémoire < 100MB" for a target, read strictly:
// 100,000,000 bytes.
const MaxMemory = 100e6

// DataSeed makes the data the same in every run, whatever the run's own seed:
// a seeded template is built once and used by all.
const DataSeed = 1

// SourceCallTimeout is the source's DEFAULT_API_TIMEOUT.
const SourceCallTimeout = 10 * time.Second

// The profiles. Bench has the source's literal numbers; smoke is for CI and go
// test; soak runs for as long as it is told.
var profiles = []Profile{
	{Name: "smoke", Projects: 10_000, Scale: 20_000, WarmUp: 400 * time.Millisecond, Phase: time.Second, CallTimeout: 600 * time.Millisecond, Refused: 1_000},
	{Name: "bench", Projects: 10_000, Large: 100_000, Scale: 1_000_000, WarmUp: time.Second, Phase: 6 * time.Second, CallTimeout: SourceCallTimeout, Refused: 10_000},
	{Name: "soak", Projects: 100_000, Large: 1_000_000, Scale: 1_000_000, WarmUp: 10 * time.Second, Phase: 5 * time.Minute, CallTimeout: SourceCallTimeout, Refused: 10_000},
}

// Names lists the names of the profiles, the quickest first.
func Names() []string {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = p.Name
	}
	return names
}

// ByName finds a profile.
func ByName(name string) (Profile, error) {
	for _, p := range profiles {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("unknown profile %q: one of %v", name, Names())
}

// Steady is a timeline without faults.
func (p Profile) Steady() harness.Timeline {
	return harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase}
}

// Disturbed is a timeline with a fault between two quiet phases.
func (p Profile) Disturbed() harness.Timeline {
	return harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase / 2, Inject: p.Phase, Heal: p.Phase}
}

// Outage is a timeline with trouble in the midst of work that goes on behind the
// answers: there is nothing to warm up.
func (p Profile) Outage() harness.Timeline {
	return harness.Timeline{Baseline: p.Phase * 3 / 10, Inject: p.Phase * 6 / 10, Heal: p.Phase / 2}
}

// Brief is a timeline for work that takes its own time when the load is over.
func (p Profile) Brief() harness.Timeline { return harness.Timeline{Baseline: p.Phase / 2} }

// Quick is a timeline for what either holds for each request or does not.
func (p Profile) Quick() harness.Timeline {
	return harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase / 2}
}

// Hanging is a timeline whose fault outlasts the longest wait for a call.
func (p Profile) Hanging() harness.Timeline {
	return harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase / 2, Inject: p.Phase + p.CallTimeout, Heal: p.Phase}
}

// WithDrain is the timeline with that much time at most for the work behind the answers.
func WithDrain(t harness.Timeline, most time.Duration) harness.Timeline { t.Drain = most; return t }
