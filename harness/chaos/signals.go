package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

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

// Support implements [Place]. Whether there is a process is known only once the
// target has started.
func (s *Signals) Support() fault.Support { return ProcessSupport() }

// Apply implements [Place].
func (s *Signals) Apply(ctx context.Context, f fault.Fault) (Applied, error) {
	if err := s.Support().Accepts(f); err != nil {
		return nil, err
	}
	pid, ok := s.process.PID()
	if !ok {
		return nil, fmt.Errorf("%q: %w", f.Kind, ErrNoProcess)
	}
	id, err := identify(pid)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", f.Kind, err)
	}
	applied, err := processKind(f.Kind).signal(ctx, s, id)
	return withName(f, applied, err)
}

// identity is one life of a process: its id may come again, the rest does not.
type identity struct {
	pid     int32
	started string // clock ticks since the machine's start
	boot    string // the machine's start
}

func (id identity) args(run string) map[string]string {
	return map[string]string{"pid": strconv.Itoa(int(id.pid)), "started": id.started, "boot": id.boot, "run": run}
}

func identityOf(args map[string]string) (identity, error) {
	pid, err := strconv.ParseInt(args["pid"], 10, 32)
	if err != nil || pid <= 1 || args["started"] == "" || args["boot"] == "" {
		return identity{}, fmt.Errorf("undo a pause: incomplete record %v", args)
	}
	return identity{pid: int32(pid), started: args["started"], boot: args["boot"]}, nil
}

// await asks every millisecond until seen is true, and gives the last error, or
// the context's, when that ends first.
func await(ctx context.Context, what string, seen func() (bool, error)) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := seen()
		if ok {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for %s: %w", what, ctx.Err()), err)
		}
	}
}

// happened is a [fault.OneShot] that was seen to happen.
type happened struct{ receipt fault.Receipt }

// Undo implements [Applied]; there is nothing to undo.
func (happened) Undo(context.Context) error { return nil }

// Receipt implements [Applied].
func (s happened) Receipt() fault.Receipt { return s.receipt }
