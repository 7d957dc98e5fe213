package fault

// Pause stops the process (SIGSTOP) and lets it go on (SIGCONT).
type Pause struct{}

// Name implements [Kind].
func (Pause) Name() string { return "pause" }

// String implements [Kind].
func (Pause) String() string { return "pause" }

// Validate finds nothing wrong.
func (Pause) Validate() error { return nil }

// Kill ends the process at once, with no chance to clean up (SIGKILL).
type Kill struct{}

// Name implements [Kind].
func (Kill) Name() string { return "kill" }

// String implements [Kind].
func (Kill) String() string { return "kill" }

// Validate finds nothing wrong.
func (Kill) Validate() error { return nil }

// OneShot implements [OneShot].
func (Kill) OneShot() {}

// Terminate asks the process to end (SIGTERM). It does not wait for that: how
// long a drain takes is for the target to show, and for checks to judge.
type Terminate struct{}

// Name implements [Kind].
func (Terminate) Name() string { return "terminate" }

// String implements [Kind].
func (Terminate) String() string { return "terminate" }

// Validate finds nothing wrong.
func (Terminate) Validate() error { return nil }

// OneShot implements [OneShot].
func (Terminate) OneShot() {}
