package result

// AlertCell is one cell of the matrix of alerts and faults: what one alert did about one
// fault. Its times are of the clock on which the rules were evaluated.
type AlertCell struct {
	Alert    string           `json:"alert"`
	Severity string           `json:"severity,omitempty"`
	Scenario string           `json:"scenario"` // that has the fault, or none
	Expected AlertExpectation `json:"expected"`
	// FiredS is how long after the fault's begin it fired; absent: it did not. ResolvedS
	// is how long after the fault's end it was resolved; absent: it did not fire, or was
	// firing when the recording ended. WithinS is how soon it was to fire.
	FiredS    *float64 `json:"fired_s,omitempty"`
	ResolvedS *float64 `json:"resolved_s,omitempty"`
	WithinS   *float64 `json:"within_s,omitempty"`
	Verdict   Verdict  `json:"verdict"`
	Reason    string   `json:"reason,omitempty"`
}

// AlertExpectation is what an alert is to do about a fault.
type AlertExpectation string

// The expectations.
const (
	AlertFires  AlertExpectation = "fires"  // it is to tell of it
	AlertMay    AlertExpectation = "may"    // it may fire as well
	AlertSilent AlertExpectation = "silent" // it must not
)
