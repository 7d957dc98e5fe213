package contract

// All is what a service does that the catalogue has scenarios for; nil where it does not,
// or nobody told.
type All struct {
	Search *Search
	Impact *Impact
	Tasks  *Tasks
}
