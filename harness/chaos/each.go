package chaos

import (
	"context"
	"errors"
	"slices"

	"holdfast.dev/holdfast/fault"
)

// Each is several places of one sort as one: a fault is applied to each of them, one
// after the other, and its receipt is of all.
func Each(places ...Place) Place { return each(places) }

type each []Place

// Support implements [Place].
func (e each) Support() fault.Support {
	if len(e) == 0 {
		return fault.Support{}
	}
	return e[0].Support()
}

// Apply implements [Place]. Where one fails, those before it are undone.
func (e each) Apply(ctx context.Context, f fault.Fault) (Applied, error) {
	var all eachApplied
	for _, place := range e {
		applied, err := place.Apply(ctx, f)
		if applied != nil {
			all = append(all, applied)
		}
		if err == nil {
			continue
		}
		if fault.IsOneShot(f.Kind) {
			return all, err
		}
		if undone := all.Undo(context.WithoutCancel(ctx)); undone != nil {
			return all, errors.Join(err, undone)
		}
		return nil, err
	}
	return all, nil
}

// eachApplied is a fault in force at several places.
type eachApplied []Applied

// Undo implements [Applied]: the newest first, and all of them whatever fails.
func (e eachApplied) Undo(ctx context.Context) error {
	var errs []error
	for _, applied := range slices.Backward(e) {
		errs = append(errs, applied.Undo(ctx))
	}
	return errors.Join(errs...)
}

// Receipt implements [Applied].
func (e eachApplied) Receipt() fault.Receipt {
	var all fault.Receipt
	for i, applied := range e {
		if r := applied.Receipt(); i == 0 {
			all = r
		} else {
			all = together(all, r)
		}
	}
	return all
}

// together is what two faults of one sort did.
func together(a, b fault.Receipt) fault.Receipt {
	a.Fired, a.Missed, a.Touched = a.Fired+b.Fired, a.Missed+b.Missed, a.Touched+b.Touched
	switch {
	case a.Measured == "":
		a.Measured = b.Measured
	case b.Measured != "":
		a.Measured += "; " + b.Measured
	}
	a.Err = errors.Join(a.Err, b.Err)
	return a
}
