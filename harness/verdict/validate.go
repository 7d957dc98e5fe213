package verdict

import (
	"errors"
	"fmt"
	"math"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/nearest"
)

// Validate reports everything that is wrong with checks, before the run: a metric
// that nobody measures (with the nearest name), another unit than the metric's, a
// falls-to on what has no series, no operator, what can't fail and what can't hold.
func (b *Registry) Validate(checks []Check) error {
	var errs []error
	for _, c := range checks {
		if err := b.validate(c); err != nil {
			errs = append(errs, fmt.Errorf("check %q: %w", c.Text(), err))
		}
	}
	return errors.Join(errs...)
}

func (b *Registry) validate(c Check) error {
	e, ok := b.entries[c.Metric]
	limit, fits := c.Limit.In(e.Unit)
	upper, upperFits := c.Upper.In(e.Unit)
	switch {
	case !ok && b.lacks[c.Metric] != "":
		return fmt.Errorf("nothing measures %q: %s", c.Metric, b.lacks[c.Metric])
	case !ok:
		return fmt.Errorf("nothing measures %q%s", c.Metric, nearest.Hint(c.Metric, b.Names()))
	case c.Op == "":
		return errors.New("it has no limit")
	case c.Times != 0:
		return e.validateTimes(c)
	case !fits:
		return fmt.Errorf("its limit is %s, and %s is %s", kindOf(c.Limit.Unit), c.Metric, kindOf(e.Unit))
	case c.Op == Between && !upperFits:
		return fmt.Errorf("its upper limit is %s, and %s is %s", kindOf(c.Upper.Unit), c.Metric, kindOf(e.Unit))
	case c.Op == Between && upper.Value < limit.Value:
		return errors.New("its upper limit is below the lower one")
	case c.Op == FallsTo && (e.Points == nil || c.Phase == "" || c.Within <= 0):
		return errors.New("falling to a value needs a metric with a series, a phase and a time")
	case c.Op != FallsTo && e.Read == nil:
		return fmt.Errorf("%s is a series over time: say which of it, for example %s.max, or that it falls to a value", c.Metric, c.Metric)
	case !finite(limit.Value) || !finite(upper.Value):
		return errors.New("its limit is not a number")
	}
	return e.sense(c.Op, limit.Value, upper.Value)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// validateTimes reports what can't be held against the baseline.
func (e entry) validateTimes(c Check) error {
	switch {
	case !(c.Times > 0) || !finite(c.Times):
		return errors.New("its factor is not more than 0")
	case c.Op != AtMost && c.Op != AtLeast && c.Op != Below && c.Op != Above:
		return fmt.Errorf("%s can't be relative to the baseline: use <=, >=, < or >", c.Op)
	case e.Read == nil:
		return fmt.Errorf("%s is a series over time: say which of it, for example %s.max", c.Metric, c.Metric)
	case e.Whole || e.Anytime:
		return fmt.Errorf("%s is one number for the whole scenario and has no baseline", c.Metric)
	case c.Phase == "" || c.Phase == result.Baseline:
		return errors.New("say which phase is held against the baseline, for example in heal")
	}
	return nil
}

// sense reports a limit that every value meets, and one that none can.
func (e entry) sense(op Op, limit, upper float64) error {
	if e.Unbounded {
		return nil
	}
	most := math.Inf(1)
	if e.Unit == result.UnitRatio {
		most = 1
	}
	var always, never bool
	switch op {
	case AtMost, FallsTo:
		always, never = limit >= most, limit < 0
	case Below:
		always, never = limit > most, limit <= 0
	case AtLeast:
		always, never = limit <= 0, limit > most
	case Above:
		always, never = limit < 0, limit >= most
	case Equals:
		never = limit < 0 || limit > most
	case Between:
		always, never = limit <= 0 && upper >= most, upper < 0 || limit > most
	}
	between := "is never less than 0"
	if most == 1 {
		between = "is always from 0 to 100 %"
	}
	switch {
	case always:
		return fmt.Errorf("it can't fail: %s %s", e.Name, between)
	case never:
		return fmt.Errorf("it can't hold: %s %s", e.Name, between)
	}
	return nil
}
