package result

// Fault is the receipt of one fault: what was done, what it touched, and that
// it was undone.
type Fault struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"` // the fault's text form, for example "delay 200ms"
	On     string   `json:"on"`   // the dependency, for example database
	StartS float64  `json:"start_s"`
	EndS   *float64 `json:"end_s,omitempty"`  // absent: it was never undone
	Fired  int64    `json:"fired"`            // how often it acted
	Missed int64    `json:"missed,omitempty"` // calls that it should have touched but did not
	// Declared and Measured are the shape as asked for and as seen, in words,
	// for example "delay 200 ms" and "median 200.4 ms over 312 reads".
	Declared string `json:"declared,omitempty"`
	Measured string `json:"measured,omitempty"`
	// Undone is whether its undoing was read back. Absent: not looked at.
	Undone *bool  `json:"undone,omitempty"`
	Error  string `json:"error,omitempty"`
}
