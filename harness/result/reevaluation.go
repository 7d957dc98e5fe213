package result

// Reevaluation says that the verdicts of a run were found after it, from its
// data, by other limits than it had.
type Reevaluation struct {
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
