package chaos

import (
	"context"
	"errors"
	"os"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/undo"
)

// ErrNoProcess is what [Signals] answers when the target has no process here.
var ErrNoProcess = errors.New("the target has no process of its own here")

// Process is what [Signals] needs of a target.
type Process interface {
	// PID is the id of the running process; false where there is none.
	PID() (int32, bool)
	// Signal sends a signal to it.
	Signal(os.Signal) error
}

// Signals is the [Place] of faults of the target's process, those of
// [ProcessSupport]. Each application asks for the process anew, so a target that was
// started again is found.
type Signals struct {
	process Process
	journal *undo.Journal
}

// NewSignals makes the place. A pause is written to the journal before it
// begins, so that a stopped process does not stay behind a harness that was
// killed; with no journal (nil) it is not protected against that.
func NewSignals(process Process, journal *undo.Journal) *Signals {
	return &Signals{process: process, journal: journal}
}

// happened is a [fault.OneShot] that was seen to happen.
type happened struct{ receipt fault.Receipt }

// Undo implements [Applied]; there is nothing to undo.
func (happened) Undo(context.Context) error { return nil }

// Receipt implements [Applied].
func (s happened) Receipt() fault.Receipt { return s.receipt }
