package scenarios

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

// The profiles. Bench has the source's literal numbers; smoke is for CI and go
// test; soak runs for as long as it is told.
var profiles = []Profile{
	{Name: "smoke", Projects: 10_000, Scale: 20_000, WarmUp: 400 * time.Millisecond, Phase: time.Second, CallTimeout: 600 * time.Millisecond, Refused: 1_000},
	{Name: "bench", Projects: 10_000, Large: 100_000, Scale: 1_000_000, WarmUp: time.Second, Phase: 6 * time.Second, CallTimeout: sourceTimeout, Refused: 10_000},
	{Name: "soak", Projects: 100_000, Large: 1_000_000, Scale: 1_000_000, WarmUp: 10 * time.Second, Phase: 5 * time.Minute, CallTimeout: sourceTimeout, Refused: 10_000},
}

// ProfileNames lists the names of the profiles, the quickest first.
func ProfileNames() []string {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = p.Name
	}
	return names
}

// ProfileByName finds a profile.
func ProfileByName(name string) (Profile, error) {
	for _, p := range profiles {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("unknown profile %q: one of %v", name, ProfileNames())
}

// steady is a timeline without faults.
func (p Profile) steady() harness.Timeline {
	return harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase}
}

// disturbed is a timeline with a fault between two quiet phases.
func (p Profile) disturbed() harness.Timeline {
	return harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase / 2, Inject: p.Phase, Heal: p.Phase}
}

// outage is a timeline with trouble in the midst of work that goes on behind the
// answers: there is nothing to warm up.
func (p Profile) outage() harness.Timeline {
	return harness.Timeline{Baseline: p.Phase * 3 / 10, Inject: p.Phase, Heal: p.Phase / 2}
}

// brief is a timeline for work that takes its own time when the load is over.
func (p Profile) brief() harness.Timeline { return harness.Timeline{Baseline: p.Phase / 2} }

// quick is a timeline for what either holds for each request or does not.
func (p Profile) quick() harness.Timeline {
	return harness.Timeline{WarmUp: p.WarmUp, Baseline: p.Phase / 2}
}
