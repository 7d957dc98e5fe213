package result

// Detection is one cell of the detection matrix: what became of one scenario
// when one protection was taken away. Nothing is taken away in the cells of the
// intact target, whose Without is empty.
type Detection struct {
	Without string `json:"without"`
	// Expected names the scenario that should catch it, CaughtBy those that did.
	Expected string   `json:"expected,omitempty"`
	CaughtBy []string `json:"caught_by,omitempty"`
	Check    string   `json:"check,omitempty"` // the check that failed
	// Failed lists every check that failed, by [Check.Key].
	Failed  []string `json:"failed,omitempty"`
	Outcome Outcome  `json:"outcome,omitempty"`
	// Verdict is pass where the mutant was caught by the scenario that was to
	// catch it, for the stated reason, and where the intact target passed.
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// Outcome is what became of one cell of the detection matrix.
type Outcome string

// The outcomes.
const (
	OutcomeIntact       Outcome = "intact"           // the control run
	OutcomeFalseAlarm   Outcome = "false alarm"      // the intact target failed
	OutcomeCaught       Outcome = "caught"           // by a check that guards the protection
	OutcomeOtherReason  Outcome = "caught otherwise" // by a check that does not
	OutcomeMissed       Outcome = "missed"           // everything passed
	OutcomeNotExercised Outcome = "not exercised"    // the cell shows nothing
	OutcomeNoControl    Outcome = "no control"       // the intact target did not pass either
	OutcomeUnguarded    Outcome = "unguarded"        // nobody watches the protection
)

// Outcomes lists all outcomes.
func Outcomes() []Outcome {
	return []Outcome{OutcomeIntact, OutcomeFalseAlarm, OutcomeCaught, OutcomeOtherReason, OutcomeMissed, OutcomeNotExercised, OutcomeNoControl, OutcomeUnguarded}
}
