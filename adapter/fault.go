package adapter

import (
	"context"
	"errors"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
)

// Misbehave is a fault of the fake at the place on, for as long as the inject
// phase lasts.
func Misbehave(id, on, text string) harness.Fault { return harness.NewFault(id, on, text) }

// Always is a fault of the fake at the place on that lasts until all is done: a
// condition of the experiment, not an incident in it.
func Always(id, on, text string) harness.Fault {
	f := Misbehave(id, on, text)
	f.During = harness.Throughout
	return f
}

// Support is what any fake can do: what a [harness.Dependency] of one says of its
// faults.
func Support() fault.Support { return httpfault.Support() }

// Support implements [chaos.Place].
func (f *Fake) Support() fault.Support { return Support() }

// Apply puts the fault into force. Times in its selector (from, to, flap) count
// from this moment, as a fault does not know when its experiment began.
func (f *Fake) Apply(_ context.Context, what fault.Fault) (chaos.Applied, error) {
	applied := what
	applied.When = onClock(what.When, time.Since(f.Journal().Start()))
	if err := f.host.Faults().Add(applied); err != nil {
		return nil, err
	}
	return &appliedFault{host: f.host, name: applied.Name(), what: what}, nil
}

// onClock is a selector whose times count from now, on the clock of the journal.
func onClock(s fault.Selector, now time.Duration) fault.Selector {
	if s.From > 0 || s.To > 0 || s.FlapOn > 0 || s.Ramp > 0 {
		s.From += now
		if s.To > 0 {
			s.To += now
		}
	}
	return s
}

// misbehaving is a server whose faults come and go.
type misbehaving interface {
	Lift(ctx context.Context, name string) (fault.Receipt, error)
	Faults() *httpfault.Set
}

// appliedFault is a fault in force.
type appliedFault struct {
	host misbehaving
	name string      // at the fake
	what fault.Fault // as it was asked for
}

// Undo lifts the fault and returns when nothing of it is left.
func (a *appliedFault) Undo(ctx context.Context) error {
	_, err := a.host.Lift(ctx, a.name)
	if errors.Is(err, httpfault.ErrUnknown) {
		return nil // lifted before
	}
	return err
}

// Receipt is what it did.
func (a *appliedFault) Receipt() fault.Receipt {
	r, err := a.host.Faults().Receipt(a.name)
	r.ID, r.Text, r.Declared = a.what.Name(), a.what.Text(), a.what.Text()
	r.Err = err
	return r
}
