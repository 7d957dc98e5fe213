package result

import "cmp"

// Check is one judgement: a metric of one phase against a threshold.
type Check struct {
	Name   string `json:"name"` // reads as a sentence: "search.latency.p99 in baseline ≤ 1 000 ms"
	Metric string `json:"metric"`
	Phase  string `json:"phase,omitempty"` // empty: all that follows the warm-up
	Op     string `json:"op"`              // <=, >=, ==, <, >, falls_to, between
	// Threshold is the limit; Upper is set for "between" alone. Of what must fall to
	// a level the limit, as the value, is the time that it takes, in seconds.
	Threshold float64  `json:"threshold"`
	Upper     *float64 `json:"upper,omitempty"`
	// Times is how many times of its value in the baseline a metric may be, which
	// Threshold then is; 0 where the limit depends on nothing. Baseline is that value, on
	// so many samples; absent if nothing was measured.
	Times           float64  `json:"times,omitempty"`
	Baseline        *float64 `json:"baseline,omitempty"`
	BaselineSamples int64    `json:"baseline_samples,omitempty"`
	// Level is what must be fallen to, in the metric's own unit. Absent in a file of
	// an older version where it was fallen to in time.
	Level     *float64 `json:"level,omitempty"`
	LevelUnit string   `json:"level_unit,omitempty"`
	Value     *float64 `json:"value,omitempty"` // what was measured; absent if nothing was, or it never fell
	// Regardless is what the value would have been had nothing been late: what of it
	// time did not break. Absent: it is not known, or all of it is time's.
	Regardless *float64 `json:"regardless,omitempty"`
	// Most is what the value of something that lateness makes smaller, a share of good
	// answers, can have been at most had nothing been late.
	Most *float64 `json:"most,omitempty"`
	// FromSend is the value of a latency, counted from the actual send; of too few
	// samples the least that it can be.
	FromSend *float64 `json:"from_send,omitempty"`
	// Undisturbed is the least that a latency would have been without what kept the run
	// from running. Absent: nothing did, or it is not known.
	Undisturbed *float64 `json:"undisturbed,omitempty"`
	// Least is the least that the value of too few samples can be, whatever those that
	// are missing would have been. Absent: they are enough, or it is not known.
	Least   *float64 `json:"least,omitempty"`
	Unit    string   `json:"unit"`    // ms, bytes, count, ratio, per_s …
	Samples int64    `json:"samples"` // what the value rests on
	// MinSamples is how many samples the value needs to mean anything; absent: one.
	MinSamples int64 `json:"min_samples,omitempty"`
	// Timed says that the value is the machine's doing as well: where the timing of
	// the experiment was invalid, a missed limit proves nothing against the target.
	Timed bool `json:"timed,omitempty"`
	// ByClock says that what is counted waits for a time of day: a wall clock that was
	// moved may be why a limit was missed, and nothing else.
	ByClock bool   `json:"by_clock,omitempty"`
	Why     string `json:"why,omitempty"`     // why the limit is what it is
	Primary bool   `json:"primary,omitempty"` // what its scenario is about
	// Protections names the protections that this check watches.
	Protections []string `json:"protections,omitempty"`
	// Exercise says that the check is one of the experiment: past its limit it is
	// not exercised, and never failed.
	Exercise bool `json:"exercise,omitempty"`
	// Standing says that the check holds in every scenario and none has written it.
	Standing bool `json:"standing,omitempty"`
	// Seen is when this check was last proved able to fail. Absent: it never was.
	Seen    *ProvenFailure `json:"seen_failing,omitempty"`
	Verdict Verdict        `json:"verdict"`
	Reason  string         `json:"reason"`
}

// Key names a check apart from its limit, which differs between profiles.
func (c Check) Key() string { return c.Metric + " in " + cmp.Or(c.Phase, "all") + " " + c.Op }

// ProvenFailure is one time that a check was seen to fail on purpose.
type ProvenFailure struct {
	Without string `json:"without"` // the protection or mutant that it caught
	At      string `json:"at"`      // the day, for example 2026-01-31
}

// Validity says what of an experiment can be held against the target.
type Validity struct {
	// TimingInvalid is why a missed limit on what is timed can't be (the generator
	// was late, and neither the target nor anything from outside was the reason);
	// empty when it can.
	TimingInvalid string `json:"timing_invalid,omitempty"`
	// Disturbances are what took time from the run from outside, in order of time.
	Disturbances []Disturbance `json:"disturbances,omitempty"`
	// Void is why nothing at all that was missed can be held against the target: its
	// database was taken away, its load could not be sent from here. Empty: it can.
	Void string `json:"void,omitempty"`
}

// Disturbance is a span of the scenario's clock in which something outside of the
// run took time from it. A limit on what is timed that was missed meanwhile, or
// while that still had an effect, proves nothing against the target.
type Disturbance struct {
	FromS float64 `json:"from_s"`
	ToS   float64 `json:"to_s"`
	Cause string  `json:"cause"` // for example "the harness itself stood still for 7 s"
	// Roomy says that others were busy and left the run no less than it used: who
	// waits for a turn then does not wait long.
	Roomy bool `json:"roomy,omitempty"`
	// Clock says that the wall clock was moved.
	Clock bool `json:"clock,omitempty"`
}
