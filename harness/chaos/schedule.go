package chaos

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Defaults of [Config].
const (
	DefaultApplyTimeout = 10 * time.Second
	DefaultUndoTimeout  = 10 * time.Second
)

// ErrNotInjected is in the error of a fault whose time never came.
var ErrNotInjected = errors.New("not injected: the run was stopped first")

// Config is how a [Schedule] is set up.
type Config struct {
	// Start is the scenario's start, with its monotonic clock. It must be given.
	Start time.Time
	// Places are the dependencies by name. They must outlive the timeline.
	Places map[string]Place
	// Plan is what happens, in any order.
	Plan []Planned
	// ApplyTimeout bounds putting one fault into force; the end of its window
	// does, too. Defaults to [DefaultApplyTimeout].
	ApplyTimeout time.Duration
	// UndoTimeout bounds undoing one fault. Defaults to [DefaultUndoTimeout].
	UndoTimeout time.Duration
	// Notify is told of each change as it happens, by the goroutine of its fault,
	// which waits for it: so that a target that was killed is started again, say.
	// It must be quick. Defaults to nobody.
	Notify func(Change)
}

// Happening is what an [Change] tells of.
type Happening string

const (
	Injected Happening = "injected" // the fault is on; a [fault.OneShot] has happened
	Undone   Happening = "undone"   // it is off, and that was read back
	Failed   Happening = "failed"   // injecting or undoing failed, see Err
)

// Change is one change on a timeline.
type Change struct {
	At      time.Duration // since the start
	What    Happening
	Planned Planned
	Err     error // for [Failed]
}

// Schedule carries out a plan of faults. Each fault has a goroutine of its own,
// so one that is stuck delays no other.
type Schedule struct {
	cfg  Config
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu     sync.Mutex // guards both below
	faults []result.Fault
	on     map[int]Active // by index in the plan
}

// Active is a fault that is on.
type Active struct {
	Planned Planned
	Since   time.Duration // since the start
	Undoing bool          // its end has come
}

// Wait returns the receipts, in the order of the plan, once all faults are over.
// A fault spans, in its receipt, from just before it was put into force until
// it was read back as gone: outside of that it was certainly not there. One
// that was never injected has an Error, no length and nothing fired.
func (t *Schedule) Wait() []result.Fault {
	t.wg.Wait()
	t.stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.faults)
}

// Stop ends the timeline early: what is on is undone, what has not begun does
// not. It may be called at any time and again; it returns as Wait does.
func (t *Schedule) Stop() []result.Fault {
	t.stop()
	return t.Wait()
}

// Active lists the faults that are on now, in the order of the plan.
func (t *Schedule) Active() []Active {
	t.mu.Lock()
	defer t.mu.Unlock()
	var on []Active
	for _, i := range slices.Sorted(maps.Keys(t.on)) {
		on = append(on, t.on[i])
	}
	return on
}

// now is the time since the start.
func (t *Schedule) now() time.Duration { return time.Since(t.cfg.Start) }

// sleep returns at the time at, or earlier with the cause when ctx ends.
func (t *Schedule) sleep(ctx context.Context, at time.Duration) error {
	timer := time.NewTimer(at - t.now())
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
