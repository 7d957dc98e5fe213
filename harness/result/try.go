package result

import "time"

// Try is an earlier attempt at a scenario that showed nothing, so that it was tried
// once more: it was inconclusive, or neither passed nor failed in company of others. It
// is kept beside what came of the last.
type Try struct {
	Verdict   Verdict   `json:"verdict"`
	Reason    string    `json:"reason"`
	Started   time.Time `json:"started"`
	DurationS float64   `json:"duration_s"`
	Checks    []Check   `json:"checks"`
	Evidence  []Check   `json:"evidence"`
}

// TryOf is what is kept of a scenario that is tried once more.
func TryOf(s Scenario) Try {
	return Try{Verdict: s.Verdict, Reason: s.Reason, Started: s.Started, DurationS: s.DurationS, Checks: s.Checks, Evidence: s.Evidence}
}

// Pace is that of a scenario which asks more of a machine than this one has: the
// same requests, over more time.
type Pace struct {
	Factor   float64 `json:"factor"`     // 0.5: half the rate, for twice the time
	FromPerS float64 `json:"from_per_s"` // the peak of its load as planned
	ToPerS   float64 `json:"to_per_s"`   // … as it was sent
	Because  string  `json:"because"`
}
