package adapter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/chaos"
)

// misbehaviour is a fault of a fake in the text form of docs/faults.md. Times in
// its selector (from, to, flap) count from the moment at which it is applied.
type misbehaviour string

// String is the text form.
func (m misbehaviour) String() string { return string(m) }

// Misbehave is a fault of the fake at the place on, for as long as the inject
// phase lasts.
func Misbehave(id, on, text string) harness.Fault {
	return harness.Fault{ID: id, On: on, Kind: misbehaviour(text)}
}

// Always is a fault of the fake at the place on that lasts until all is done: a
// condition of the experiment, not an incident in it.
func Always(id, on, text string) harness.Fault {
	f := Misbehave(id, on, text)
	f.During = harness.Throughout
	return f
}

// Accepts says whether the text is one of a fault.
func (f *Fake) Accepts(kind chaos.Kind) error {
	m, ok := kind.(misbehaviour)
	if !ok {
		return fmt.Errorf("a fake cannot carry out %q", kind)
	}
	_, err := fault.Parse(string(m))
	return err
}

// Apply puts the fault into force.
func (f *Fake) Apply(_ context.Context, kind chaos.Kind) (chaos.Applied, error) {
	parsed, err := fault.Parse(kind.String())
	if err != nil {
		return nil, err
	}
	if now := time.Since(f.Journal().Start()); parsed.When.From > 0 || parsed.When.To > 0 || parsed.When.FlapOn > 0 {
		parsed.When.From += now
		if parsed.When.To > 0 {
			parsed.When.To += now
		}
	}
	if err := f.host.Faults().Add(parsed); err != nil {
		return nil, err
	}
	return &appliedFault{host: f.host, name: parsed.Name()}, nil
}

// appliedFault is a fault in force.
type appliedFault struct {
	host *host.Host
	name string
}

// Undo lifts the fault and returns when nothing of it is left.
func (a *appliedFault) Undo(ctx context.Context) error {
	_, err := a.host.Lift(ctx, a.name)
	if errors.Is(err, fault.ErrUnknown) {
		return nil // lifted before
	}
	return err
}

// Receipt is what it did.
func (a *appliedFault) Receipt() chaos.Receipt {
	r, err := a.host.Faults().Receipt(a.name)
	if err != nil {
		return chaos.Receipt{Err: err}
	}
	return chaos.Receipt{Fired: r.Fired, Touched: r.Fired, Missed: r.Missed, Declared: r.Text, Measured: r.Measured()}
}
