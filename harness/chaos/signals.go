package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/undo"
)

// ErrNoProcess is what [Signals] answers when the target has no process here.
var ErrNoProcess = errors.New("the target has no process of its own here")

// errNoChild is what a fault of a child meets where there is none.
var errNoChild = errors.New("the process has started no other")

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
	members func() []int32
}

// NewSignals makes the place. A pause is written to the journal before it
// begins, so that a stopped process does not stay behind a harness that was
// killed; with no journal (nil) it is not protected against that.
func NewSignals(process Process, journal *undo.Journal) *Signals {
	return &Signals{process: process, journal: journal, members: func() []int32 { return nil }}
}

// Of returns the place with all that the process has started: members tells the ids,
// the process's own among them. Without it there are no children to be seen.
func (s *Signals) Of(members func() []int32) *Signals {
	with := *s
	with.members = members
	return &with
}

// others are what the process has started and is still there, the oldest first.
func (s *Signals) others(main identity) []identity {
	var all []identity
	for _, pid := range s.members() {
		if pid == main.pid {
			continue
		}
		id, err := identify(pid)
		if err != nil {
			continue // it is gone
		}
		if t, err := id.threads(); err == nil && !t.gone() {
			all = append(all, id)
		}
	}
	slices.SortStableFunc(all, func(a, b identity) int { return a.compare(b) })
	return all
}

// child is the oldest of what the process has started that has no child of its own:
// who does the work, where there are some who only look after others.
func (s *Signals) child(main identity) (identity, error) {
	all := s.others(main)
	parents := map[int32]bool{}
	for _, id := range all {
		parents[id.parent()] = true
	}
	for _, id := range all {
		if !parents[id.pid] {
			return id, nil
		}
	}
	return identity{}, fmt.Errorf("a child of process %d: %w", main.pid, errNoChild)
}

// send sends a signal to one of the processes; to the main one as the target has it,
// which may reach more than this process.
func (s *Signals) send(id, main identity, signal syscall.Signal) error {
	if id == main {
		return s.process.Signal(signal)
	}
	if t, err := id.threads(); err != nil || t.gone() {
		return errors.Join(syscall.ESRCH, err) // whoever has the id by now is somebody else
	}
	return syscall.Kill(int(id.pid), signal)
}

// happened is a [fault.OneShot] that was seen to happen.
type happened struct{ receipt fault.Receipt }

// Undo implements [Applied]; there is nothing to undo.
func (happened) Undo(context.Context) error { return nil }

// Receipt implements [Applied].
func (s happened) Receipt() fault.Receipt { return s.receipt }
