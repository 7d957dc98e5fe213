package result

import (
	"encoding/json"
	"math"
	"time"
)

// Names of the phases, in the order in which they happen. A phase of no
// length is left out.
const (
	WarmUp   = "warm-up"
	Baseline = "baseline"
	Inject   = "inject"
	Heal     = "heal"
	Drain    = "drain"
	Verify   = "verify"
)

// Phase is a span of the scenario's clock: from From, before To. In JSON its
// bounds are seconds, start_s and end_s.
type Phase struct {
	Name string        `json:"name"`
	From time.Duration `json:"start_s"`
	To   time.Duration `json:"end_s"`
}

// Length is how long the phase lasted.
func (p Phase) Length() time.Duration { return p.To - p.From }

// phaseJSON is a phase as it stands in a file.
type phaseJSON struct {
	Name   string  `json:"name"`
	StartS float64 `json:"start_s"`
	EndS   float64 `json:"end_s"`
}

// MarshalJSON writes the bounds in seconds.
func (p Phase) MarshalJSON() ([]byte, error) {
	return json.Marshal(phaseJSON{p.Name, p.From.Seconds(), p.To.Seconds()})
}

// UnmarshalJSON reads what MarshalJSON wrote, to the nanosecond for a clock of up
// to 48 days.
func (p *Phase) UnmarshalJSON(data []byte) error {
	var j phaseJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*p = Phase{Name: j.Name, From: Seconds(j.StartS), To: Seconds(j.EndS)}
	return nil
}

// Seconds is a number of seconds as a duration, rounded to the nanosecond: a
// duration that was written as [time.Duration.Seconds] is read back as it was.
// What no duration can hold becomes the longest.
func Seconds(s float64) time.Duration {
	switch ns := math.Round(s * float64(time.Second)); {
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns <= math.MinInt64:
		return math.MinInt64
	default:
		return time.Duration(ns)
	}
}
