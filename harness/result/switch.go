package result

// Switch is a setting of the target that takes a protection away, as it was in this
// scenario: where to look when what the protection is for has failed.
type Switch struct {
	Protection string `json:"protection"`
	About      string `json:"about,omitempty"`   // what the protection does, in a sentence
	Runbook    string `json:"runbook,omitempty"` // what to read next: an address, or a file
	Process    string `json:"process,omitempty"` // whose setting it is; empty: every process's
	// Setting is the variable; empty where another command takes the protection away.
	Setting string `json:"setting,omitempty"`
	// Value is what it was set to; absent: the run did not set it, and the target's
	// own Default held, where that is known.
	Value   *string `json:"value,omitempty"`
	Default string  `json:"default,omitempty"`
	Off     string  `json:"off"` // the value, or the command, that takes the protection away
}
