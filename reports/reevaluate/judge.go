package reevaluate

import (
	"errors"
	"fmt"
	"math"

	"holdfast.dev/holdfast/harness/result"
)

// judge holds a check of the run against the limit.
func (l Limit) judge(c result.Check, s result.Scenario) (result.Check, error) {
	if c.Op == "falls_to" {
		return l.judgeFall(c, s)
	}
	if l.Within != "" {
		return c, errors.New("a time (within) is only for what must fall to a limit")
	}
	again, err := l.limits(c)
	if err != nil {
		return c, err
	}
	if c.Verdict != result.Pass && c.Verdict != result.Fail {
		return again, nil // what was no evidence is none by another limit either
	}
	if c.Value == nil {
		again.Verdict, again.Reason = result.Inconclusive, "the file has no value of "+c.Metric
		return again, nil
	}
	conclude(&again, s)
	return again, nil
}

// limits puts the new limit in the place of the check's own.
func (l Limit) limits(c result.Check) (result.Check, error) {
	if l.Op != "" {
		c.Op = l.Op
	}
	v, err := quantity(l.Limit, c.Unit)
	if err != nil {
		return c, err
	}
	c.Threshold, c.Upper = v, nil
	switch {
	case c.Op == "between" && l.Upper == "":
		return c, errors.New("between needs an upper limit")
	case c.Op == "between":
		upper, err := quantity(l.Upper, c.Unit)
		if err != nil {
			return c, err
		}
		if upper < v {
			return c, fmt.Errorf("the upper limit %s is under the lower one %s", l.Upper, l.Limit)
		}
		c.Upper = &upper
	case l.Upper != "":
		return c, errors.New("only between has an upper limit")
	}
	if l.Why != "" {
		c.Why = l.Why
	}
	c.Name = subject(c) + " " + limitText(c)
	return c, nil
}

// conclude gives a check that has a value its verdict. A limit on time that was
// missed on a machine that was full proves nothing against the target.
func conclude(c *result.Check, s result.Scenario) {
	c.Reason = fmt.Sprintf("%s was %s, limit %s", subject(*c), result.Format(*c.Value, c.Unit), limitText(*c))
	c.Verdict = result.Pass
	if holds(*c) {
		return
	}
	c.Verdict = result.Fail
	if why := untimely(s); why != "" && (c.Unit == result.UnitMS || c.Unit == result.UnitSeconds) {
		c.Verdict = result.Inconclusive
		c.Reason += "; but this can't be held against the target: " + why
	}
	if c.Exercise {
		c.Verdict = result.NotExercised
	}
}

func holds(c result.Check) bool {
	v := *c.Value
	switch c.Op {
	case "<=", "falls_to":
		return v <= c.Threshold
	case ">=":
		return v >= c.Threshold
	case "==":
		return v == c.Threshold
	case "<":
		return v < c.Threshold
	case ">":
		return v > c.Threshold
	case "between":
		return c.Upper != nil && v >= c.Threshold && v <= *c.Upper
	default:
		return false // an operator of a later version: nobody knows
	}
}

// maxBusy is how busy a machine may be for a missed limit on time to be the
// target's own, as in the run itself.
const maxBusy = 0.9

// untimely says why a missed limit on time proves nothing; empty when it does.
func untimely(s result.Scenario) string {
	for _, c := range s.Evidence {
		if c.Verdict != result.Pass {
			return c.Name + " did not hold"
		}
	}
	for _, series := range s.Series {
		if series.Name != "machine.cpu" {
			continue
		}
		for _, p := range s.Phases {
			if p.Name == result.WarmUp || p.Name == result.Drain || p.Name == result.Verify {
				continue
			}
			if r := summarise(series, "mean", p.From.Seconds(), p.To.Seconds()); r.n > 0 && r.value > maxBusy {
				return fmt.Sprintf("the machine was saturated in %s", p.Name)
			}
		}
	}
	return ""
}

// judgeFall judges what must fall to a limit in time. Another time is held
// against the moment that the file has; another limit needs the series.
func (l Limit) judgeFall(c result.Check, s result.Scenario) (result.Check, error) {
	if l.Op != "" || l.Upper != "" {
		return c, errors.New("this check falls to a limit: it takes a limit and a time (within), no op")
	}
	if c.Verdict != result.Pass && c.Verdict != result.Fail {
		return c, nil
	}
	within := c.Threshold // where it fell, the threshold is the time allowed
	if c.WithinS != nil {
		within = *c.WithinS
	}
	if l.Within != "" {
		var err error
		if within, err = quantity(l.Within, result.UnitSeconds); err != nil {
			return c, err
		}
	}
	if l.Why != "" {
		c.Why = l.Why
	}
	if l.Limit != "" {
		if err := l.fallAgain(&c, s); err != nil {
			return c, err
		}
	}
	c.WithinS = &within
	if c.Value == nil {
		c.Verdict = result.Fail
		c.Reason = fmt.Sprintf("%s was still over %s at the end of %s", c.Metric, result.Format(c.Threshold, c.Unit), c.Phase)
		return c, nil
	}
	c.Threshold = within
	conclude(&c, s)
	return c, nil
}

// fallAgain looks in the series for the moment from which it stays at or under
// the new limit.
func (l Limit) fallAgain(c *result.Check, s result.Scenario) error {
	series, ok := seriesOf(s, c.Metric)
	from, to, okPhase := window(s, c.Phase)
	if !ok || !okPhase || series.Reduced != "" {
		return errors.New("the file does not have the whole series, so only the time (within) can change")
	}
	limit, err := quantity(l.Limit, series.Unit)
	if err != nil {
		return err
	}
	fell, n := math.NaN(), int64(0)
	for i, at := range series.T {
		if at < from || at >= to {
			continue
		}
		n++
		switch {
		case series.V[i] > limit:
			fell = math.NaN()
		case math.IsNaN(fell):
			fell = max(at-from, 0)
		}
	}
	if n == 0 {
		return fmt.Errorf("no samples of %s in %s", c.Metric, c.Phase)
	}
	c.Samples, c.Value, c.Unit, c.Threshold = n, nil, series.Unit, limit
	if !math.IsNaN(fell) {
		c.Value, c.Unit = &fell, result.UnitSeconds
	}
	return nil
}
