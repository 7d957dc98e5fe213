package verdict

import (
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Quantity is a number with its unit, one of the result.Unit constants. A
// check whose unit is not its metric's is refused before the run, so that a
// limit in seconds never meets a value in milliseconds.
type Quantity struct {
	Value float64
	Unit  string
}

// Count is a plain number of things.
func Count(n int64) Quantity { return Quantity{float64(n), result.UnitCount} }

// Duration is a latency; metrics of latency are in milliseconds.
func Duration(d time.Duration) Quantity {
	return Quantity{float64(d) / float64(time.Millisecond), result.UnitMS}
}

// Bytes is a size in bytes. 100 MB is Bytes(100e6).
func Bytes(n float64) Quantity { return Quantity{n, result.UnitBytes} }

// Percent is a share of a whole: Percent(99) is the ratio 0.99.
func Percent(p float64) Quantity { return Quantity{p / 100, result.UnitRatio} }

// PerSecond is a rate.
func PerSecond(n float64) Quantity { return Quantity{n, result.UnitPerS} }

// Times is how many times one thing another is.
func Times(n float64) Quantity { return Quantity{n, result.UnitFraction} }

// Plus returns q enlarged by that many percent: slack for what a clock, a
// scheduler and a network add to a limit that is exact.
func (q Quantity) Plus(percent float64) Quantity {
	return Quantity{q.Value * (1 + percent/100), q.Unit}
}

// String shows the quantity as the reports do.
func (q Quantity) String() string { return result.Format(q.Value, q.Unit) }

// Check is one thing that must hold: a metric of one phase against a limit. It
// is a plain value: start one with [Metric] and finish it with an operator.
type Check struct {
	Metric string
	// Phase is one of the result package's phases. Defaults to all that
	// follows the warm-up, the drain included.
	Phase string
	Op    Op
	Limit Quantity
	// Times is how many times of what the metric was in the baseline the limit is, in
	// the place of Limit. 0: the limit is Limit.
	Times  float64
	Upper  Quantity      // for Between
	Within time.Duration // for FallsTo
	// Why says where the limit comes from, for the reader of the report.
	Why string
	// Primary marks the check that a scenario is about: of those with the same
	// verdict it is the decisive one. Defaults to the first; see [Decisive].
	Primary bool
	// Protections names the protections that this check watches.
	Protections []string
	// Exercise marks a check that says whether the experiment did what it is about:
	// where it does not hold nothing was shown, and nothing of the target.
	Exercise bool
	// Abort ends the scenario early once this check is lost, whatever may still come.
	Abort bool
}

// Metric starts a check on the metric with that name.
func Metric(name string) Check { return Check{Metric: name} }

// In restricts the check to one phase.
func (c Check) In(phase string) Check { c.Phase = phase; return c }

// AtMost holds when the value is no greater than limit.
func (c Check) AtMost(limit Quantity) Check { return c.with(AtMost, limit) }

// AtLeast holds when the value is no less than limit.
func (c Check) AtLeast(limit Quantity) Check { return c.with(AtLeast, limit) }

// Equals holds when the value is exactly limit.
func (c Check) Equals(limit Quantity) Check { return c.with(Equals, limit) }

// Below holds when the value is less than limit.
func (c Check) Below(limit Quantity) Check { return c.with(Below, limit) }

// Above holds when the value is greater than limit.
func (c Check) Above(limit Quantity) Check { return c.with(Above, limit) }

// Between holds when the value lies within both limits, ends included.
func (c Check) Between(lower, upper Quantity) Check {
	c.Upper = upper
	return c.with(Between, lower)
}

// AtMostTimes holds when the value is no greater than that many times of what the
// metric was in the baseline.
func (c Check) AtMostTimes(baseline float64) Check { return c.times(AtMost, baseline) }

// AtLeastTimes holds when the value is no less than that many times of what the
// metric was in the baseline.
func (c Check) AtLeastTimes(baseline float64) Check { return c.times(AtLeast, baseline) }

func (c Check) times(op Op, baseline float64) Check {
	c.Op, c.Times, c.Limit = op, baseline, Quantity{}
	return c
}

// FallsTo holds when the series comes down to limit within that time of the
// start of the phase, and stays there to its end.
func (c Check) FallsTo(limit Quantity, within time.Duration) Check {
	c.Within = within
	return c.with(FallsTo, limit)
}

// Because says where the limit comes from.
func (c Check) Because(why string) Check { c.Why = why; return c }

// Guarding names the protections that this check watches.
func (c Check) Guarding(protections ...string) Check {
	c.Protections = append(append([]string(nil), c.Protections...), protections...)
	return c
}

// OrNotExercised makes the check one of the experiment: past its limit nothing
// was exercised, which is no failure of the target.
func (c Check) OrNotExercised() Check { c.Exercise = true; return c }

// Aborting ends the scenario early once the check is lost.
func (c Check) Aborting() Check { c.Abort = true; return c }

// AsPrimary marks the check as its scenario's primary one.
func (c Check) AsPrimary() Check { c.Primary = true; return c }

func (c Check) with(op Op, limit Quantity) Check { c.Op, c.Limit = op, limit; return c }

// String reads as a sentence: "search.latency.p99 in baseline ≤ 1 000 ms".
func (c Check) String() string { return Name(c.asked()) }

// asked is the check as it stands in a result, before anything was measured.
func (c Check) asked() result.Check {
	r := result.Check{
		Metric: c.Metric, Phase: c.Phase, Op: string(c.Op), Threshold: c.Limit.Value, Unit: c.Limit.Unit,
		Times: c.Times, Why: c.Why, Primary: c.Primary, Protections: c.Protections, Exercise: c.Exercise,
	}
	switch c.Op {
	case Between:
		r.Upper = &c.Upper.Value
	case FallsTo: // the limit is on the time that it takes
		r.Level, r.LevelUnit = &c.Limit.Value, c.Limit.Unit
		r.Threshold, r.Unit = c.Within.Seconds(), result.UnitSeconds
	}
	return r
}
