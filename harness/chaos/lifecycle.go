package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/result"
)

// Start validates the plan and begins to carry it out. A fault that lasts and begins with
// the scenario is put into force at once, for the first request must meet it: Start returns
// when all of these are, or could not be. When ctx ends, or at [Schedule.Stop], faults that
// are on are undone and others do not begin. The caller must wait, by [Schedule.Wait] or Stop.
func Start(ctx context.Context, cfg Config) (*Schedule, error) {
	if cfg.Start.IsZero() {
		return nil, errors.New("chaos: no start is given")
	}
	if cfg.ApplyTimeout < 0 || cfg.UndoTimeout < 0 {
		return nil, fmt.Errorf("chaos: a timeout is negative: apply %v, undo %v", cfg.ApplyTimeout, cfg.UndoTimeout)
	}
	supports := map[string]fault.Support{}
	for name, place := range cfg.Places {
		supports[name] = place.Support()
	}
	if err := Validate(supports, cfg.Plan); err != nil {
		return nil, fmt.Errorf("chaos: %w", err)
	}
	cfg.ApplyTimeout = cmp.Or(cfg.ApplyTimeout, DefaultApplyTimeout)
	cfg.UndoTimeout = cmp.Or(cfg.UndoTimeout, DefaultUndoTimeout)
	if cfg.Notify == nil {
		cfg.Notify = func(Change) {}
	}
	cfg.Places, cfg.Plan = maps.Clone(cfg.Places), slices.Clone(cfg.Plan)
	ctx, stop := context.WithCancel(ctx)
	t := &Schedule{cfg: cfg, stop: stop, faults: make([]result.Fault, len(cfg.Plan)), on: map[int]Active{}}
	var atOnce sync.WaitGroup
	for i, p := range cfg.Plan {
		t.faults[i] = result.Fault{ID: p.ID, Kind: p.Text(), On: p.On, StartS: p.From.Seconds()}
		settled := func() {}
		if p.atOnce() {
			atOnce.Add(1)
			settled = atOnce.Done
		}
		t.wg.Go(func() { t.run(ctx, i, settled) })
	}
	atOnce.Wait()
	return t, nil
}

// run is the course of one fault: wait, apply, wait, undo. It calls settled when the fault is
// in force, or is known not to be.
func (t *Schedule) run(ctx context.Context, i int, settled func()) {
	p := t.cfg.Plan[i]
	settled = sync.OnceFunc(settled)
	defer settled()
	if !p.atOnce() && t.sleep(ctx, p.From) != nil || ctx.Err() != nil {
		t.record(i, func(f *result.Fault) {
			f.EndS = seconds(p.From)
			addError(f, ErrNotInjected)
		})
		return
	}
	begun := t.now()
	applied, err := t.apply(ctx, p)
	t.record(i, func(f *result.Fault) {
		f.StartS = begun.Seconds()
		addError(f, err)
		if err == nil && !fault.IsOneShot(p.Kind) {
			t.on[i] = Active{Planned: p, Since: begun}
		}
		if applied == nil || fault.IsOneShot(p.Kind) {
			f.EndS = seconds(t.now())
		}
	})
	if err != nil {
		t.tell(i, Change{What: Failed, Planned: p, Err: err})
	} else {
		t.tell(i, Change{What: Injected, Planned: p})
	}
	settled()
	if applied == nil {
		return
	}
	if fault.IsOneShot(p.Kind) {
		t.receipt(i, applied)
		return
	}
	if err == nil {
		_ = t.sleep(ctx, p.To) // whether its time is over or the run is stopped, it is undone
	}
	t.end(ctx, i, applied)
}

// end undoes a fault and takes its receipt.
func (t *Schedule) end(ctx context.Context, i int, applied Applied) {
	p := t.cfg.Plan[i]
	t.record(i, func(*result.Fault) {
		if active, on := t.on[i]; on {
			active.Undoing = true
			t.on[i] = active
		}
	})
	err := t.undo(ctx, p, applied)
	ended := t.now()
	t.record(i, func(f *result.Fault) {
		delete(t.on, i)
		undone := err == nil
		f.Undone = &undone
		if undone {
			f.EndS = seconds(ended)
		}
		addError(f, err)
	})
	t.receipt(i, applied)
	if err != nil {
		t.tell(i, Change{What: Failed, Planned: p, Err: err})
	} else {
		t.tell(i, Change{What: Undone, Planned: p})
	}
}

// apply puts a fault into force. A place that panics costs its own fault alone.
func (t *Schedule) apply(ctx context.Context, p Planned) (applied Applied, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.cfg.ApplyTimeout)
	defer cancel()
	if !fault.IsOneShot(p.Kind) {
		ctx, cancel = context.WithDeadline(ctx, t.cfg.Start.Add(p.To))
		defer cancel()
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil {
			err = fmt.Errorf("inject %q on %s: %w", p.Text(), p.On, err)
		} else if applied == nil {
			err = fmt.Errorf("inject %q on %s: the place gave nothing to undo it by", p.Text(), p.On)
		}
	}()
	return t.cfg.Places[p.On].Apply(ctx, p.Fault)
}

// undo takes a fault away, also when the run is being stopped.
func (t *Schedule) undo(ctx context.Context, p Planned, applied Applied) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.cfg.UndoTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil {
			err = fmt.Errorf("undo on %s: %w", p.On, err)
		}
	}()
	return applied.Undo(ctx)
}

// receipt writes what the fault did into its result.
func (t *Schedule) receipt(i int, applied Applied) {
	var r fault.Receipt
	func() {
		defer func() {
			if p := recover(); p != nil {
				r.Err = fmt.Errorf("receipt: panic: %v", p)
			}
		}()
		r = applied.Receipt()
	}()
	t.record(i, func(f *result.Fault) {
		f.Fired, f.Missed = r.Fired, r.Missed
		f.Declared, f.Measured = r.Declared, r.Measured
		addError(f, r.Err)
	})
}

// record changes the result of a fault.
func (t *Schedule) record(i int, change func(*result.Fault)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.faults[i])
}

// tell notifies the listener. What panics there is an error of the fault, and
// does not keep it from being undone.
func (t *Schedule) tell(i int, e Change) {
	e.At = t.now()
	defer func() {
		if r := recover(); r != nil {
			t.record(i, func(f *result.Fault) { addError(f, fmt.Errorf("listener: panic: %v", r)) })
		}
	}()
	t.cfg.Notify(e)
}

// addError adds to the errors of a fault.
func addError(f *result.Fault, err error) {
	switch {
	case err == nil:
	case f.Error == "":
		f.Error = err.Error()
	default:
		f.Error = errors.Join(errors.New(f.Error), err).Error()
	}
}

func seconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}
