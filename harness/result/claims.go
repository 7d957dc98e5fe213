package result

// Claim is one promise of gain, measured: the same load against the target
// without the protection and with it.
type Claim struct {
	Name     string `json:"name"`    // what is promised, for example "search: latency −90 %"
	Claimed  string `json:"claimed"` // in the source's own words
	Scenario string `json:"scenario,omitempty"`
	Metric   string `json:"metric,omitempty"`
	Unit     string `json:"unit,omitempty"`
	// Before is the metric without the protection, After with it. Absent: not measured.
	Before *float64 `json:"before,omitempty"`
	After  *float64 `json:"after,omitempty"`
	// Verdict is pass where the claim holds, fail where it was measured and does not.
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// Detection is one row of the detection matrix: what became of the run when one
// protection was taken away. No protection is taken away in the row of the
// intact target, whose Without is empty.
type Detection struct {
	Without string `json:"without"`
	// Expected names the scenario that should catch it, CaughtBy those that did.
	Expected string   `json:"expected,omitempty"`
	CaughtBy []string `json:"caught_by,omitempty"`
	Check    string   `json:"check,omitempty"` // the check that failed
	// Verdict is pass where the mutant was caught by the scenario that was to
	// catch it, for the stated reason, and where the intact target passed.
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// Rejudgement says that the verdicts of a run were found after it, from its
// data, by other limits than it had.
type Rejudgement struct {
	By      string   `json:"by"` // the file with the limits
	Changes []Change `json:"changes"`
}

// Change is a check that was held against another limit, or a new one.
type Change struct {
	Scenario string `json:"scenario"`
	Check    string `json:"check"`
	OldLimit string `json:"old_limit"` // empty: the run had no such check
	NewLimit string `json:"new_limit"`
	// Was and Is are its verdicts; Was is empty where there was no check.
	Was Verdict `json:"was,omitempty"`
	Is  Verdict `json:"is,omitempty"`
}
