package result

// Series is one quantity over time. T and V have the same length; where
// nothing was measured there is no point.
type Series struct {
	Name string    `json:"name"`
	Unit string    `json:"unit"`
	T    []float64 `json:"t_s"`
	V    []float64 `json:"v"`
	// Limit is a line to draw, for example a container's memory limit.
	Limit *float64 `json:"limit,omitempty"`
	// Reduced says how a longer series was reduced, for example "max per 0.25 s".
	Reduced string `json:"reduced,omitempty"`
}
