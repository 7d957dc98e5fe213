package result

// Curve is how one metric grows with the size of something, without the
// protections and with them: what "good for millions" means.
type Curve struct {
	Name   string       `json:"name"` // for example "search: memory"
	X      string       `json:"x"`    // what grows, for example projects
	Unit   string       `json:"unit"` // of the metric
	Points []CurvePoint `json:"points"`
}

// CurvePoint is one size. Absent: not measured.
type CurvePoint struct {
	X      float64  `json:"x"`
	Before *float64 `json:"before,omitempty"`
	After  *float64 `json:"after,omitempty"`
}
