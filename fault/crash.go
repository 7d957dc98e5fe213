package fault

// Crash kills every process of a server of Postgres at once (SIGKILL) and starts
// it again when its window is over: what is on disk by then is all that is left.
type Crash struct{}

// Name implements [Kind].
func (Crash) Name() string { return "crash" }

// String implements [Kind].
func (Crash) String() string { return "crash" }

// Validate finds nothing wrong.
func (Crash) Validate() error { return nil }
