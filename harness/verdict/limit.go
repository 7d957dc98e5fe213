package verdict

import (
	"cmp"

	"holdfast.dev/holdfast/harness/result"
)

// Op is how a value is held against a limit.
type Op string

// The operators. FallsTo holds when the metric's series comes down to a level
// and stays there, within a time of the start of the phase.
const (
	AtMost  Op = "<="
	AtLeast Op = ">="
	Equals  Op = "=="
	Below   Op = "<"
	Above   Op = ">"
	Between Op = "between"
	FallsTo Op = "falls_to"
)

const noBreak = "\u00a0" // between a sign and its limit

// Sign is the operator as people write it.
func (o Op) Sign() string {
	switch o {
	case AtMost:
		return "≤"
	case AtLeast:
		return "≥"
	case Equals:
		return "="
	default:
		return string(o)
	}
}

// Subject is what a check is about: its metric and phase, or its name where it
// has no metric.
func Subject(c result.Check) string {
	switch {
	case c.Metric == "":
		return c.Name
	case c.Phase == "":
		return c.Metric
	default:
		return c.Metric + " in " + c.Phase
	}
}

// LimitText is a check's limit as people read it, with its sign. One that depends on
// the baseline says how much that was, once it is known.
func LimitText(c result.Check) string {
	limit := result.Format(c.Threshold, c.Unit)
	if c.Times != 0 {
		times := result.Format(c.Times, result.UnitFraction) + " baseline"
		if limit += " (" + times + ")"; c.Baseline == nil {
			limit = times
		} else {
			limit = limit[:len(limit)-1] + " " + result.Format(*c.Baseline, c.Unit) + ")"
		}
	}
	switch Op(c.Op) {
	case Between:
		if c.Upper == nil {
			return "from " + limit
		}
		return limit + " to " + result.Format(*c.Upper, c.Unit)
	case FallsTo:
		if c.Value == nil && c.Level != nil {
			return "falls to " + result.Format(*c.Level, c.LevelUnit) + " within " + limit
		}
		return "within " + limit
	default:
		return Op(c.Op).Sign() + noBreak + limit
	}
}

// Name is a check as a sentence: "search.latency.p99 in baseline ≤ 1 000 ms".
func Name(c result.Check) string {
	c.Value, c.Baseline = nil, nil // the limit whole, whatever was measured
	text := LimitText(c)
	if Op(c.Op) == Between && c.Upper != nil {
		text = "between " + result.Format(c.Threshold, c.Unit) + " and " + result.Format(*c.Upper, c.Unit)
	}
	return cmp.Or(Subject(c), "nothing") + " " + text
}

// holds reports whether a value meets the check's limit. By an operator that is
// not known nothing does.
func holds(c result.Check, value float64) bool {
	switch Op(c.Op) {
	case AtMost, FallsTo:
		return value <= c.Threshold
	case AtLeast:
		return value >= c.Threshold
	case Equals:
		return value == c.Threshold
	case Below:
		return value < c.Threshold
	case Above:
		return value > c.Threshold
	case Between:
		return c.Upper != nil && value >= c.Threshold && value <= *c.Upper
	default:
		return false
	}
}

// beyond reports whether a check's limit is missed by whatever is no less than a value.
func beyond(c result.Check, least float64) bool {
	switch Op(c.Op) {
	case AtMost, Equals, FallsTo:
		return least > c.Threshold
	case Below:
		return least >= c.Threshold
	case Between:
		return c.Upper != nil && least > *c.Upper
	default:
		return false
	}
}

// upper is the most that a check allows, in the unit of its value.
func upper(c result.Check) float64 {
	if Op(c.Op) == Between && c.Upper != nil {
		return *c.Upper
	}
	return c.Threshold
}

// LimitUsed is which part of its limit a check used: 1 is at the limit, more is
// past it, whichever side the limit is on. ok is false where it means nothing:
// nothing was measured in a valid experiment, or the limit is an exact number.
func LimitUsed(c result.Check) (used float64, ok bool) {
	if c.Value == nil || c.Verdict != result.Pass && c.Verdict != result.Fail {
		return 0, false
	}
	v := *c.Value
	switch Op(c.Op) {
	case AtMost, Below, FallsTo:
		return share(v, c.Threshold)
	case AtLeast, Above:
		return share(c.Threshold, v)
	case Between:
		if c.Upper == nil {
			return 0, false
		}
		high, okHigh := share(v, *c.Upper)
		low, okLow := share(c.Threshold, v)
		return max(high, low), okHigh && okLow
	default:
		return 0, false
	}
}

// FarPast is what [LimitUsed] says of whatever is further past its limit, or past
// a limit of nothing.
const FarPast = 1000

// share is a/b, bounded, and nothing where it would not be a meaningful ratio.
func share(a, b float64) (float64, bool) {
	switch {
	case !(a >= 0) || !(b >= 0):
		return 0, false
	case a == 0 && b == 0:
		return 0, false
	case b == 0:
		return FarPast, true
	default:
		return min(a/b, FarPast), true
	}
}
