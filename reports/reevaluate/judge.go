package reevaluate

import (
	"errors"
	"fmt"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// judge holds a check of the run against the limit.
func (l Limit) judge(c result.Check, s result.Scenario) (result.Check, error) {
	if c.Op == string(verdict.FallsTo) {
		return l.judgeFall(c, s)
	}
	if l.Within != "" {
		return c, errors.New("a time (within) is only for what must fall to a limit")
	}
	again, err := l.limits(c)
	if err != nil {
		return c, err
	}
	reading, ok := verdict.Recorded(c)
	if !ok {
		return again, nil // what was no evidence is none by another limit either
	}
	return evaluate(again, c, reading, s), nil
}

// evaluate judges a reading by the limit of again. The reason of a check whose
// verdict and limit are those of the run stays in the run's words.
func evaluate(again, was result.Check, r verdict.Reading, s result.Scenario) result.Check {
	if stays(was, s) {
		return again
	}
	again = verdict.Evaluate(known(again, s), r, windowOf(again, s), validityOf(s))
	if again.Verdict == was.Verdict && verdict.Name(again) == verdict.Name(was) {
		again.Reason = was.Reason
	}
	return again
}

// judgeFall judges what must fall to a level in time. Another time is held
// against the moment that the file has; another level needs the series.
func (l Limit) judgeFall(c result.Check, s result.Scenario) (result.Check, error) {
	if l.Op != "" || l.Upper != "" {
		return c, errors.New("this check falls to a limit: it takes a limit and a time (within), no op")
	}
	again := c
	if l.Within != "" {
		within, err := quantity(l.Within, result.UnitSeconds)
		if err != nil {
			return c, err
		}
		again.Threshold = within
	}
	reading, ok := verdict.Recorded(c)
	if l.Limit != "" && ok {
		var err error
		if reading, err = l.fallAgain(&again, s); err != nil {
			return c, err
		}
	}
	again = l.named(again)
	if !ok {
		return again, nil
	}
	return evaluate(again, c, reading, s), nil
}

// fallAgain looks in the series for the moment from which it stays at or under
// the new level.
func (l Limit) fallAgain(c *result.Check, s result.Scenario) (verdict.Reading, error) {
	series, ok := seriesOf(s, c.Metric)
	w, okPhase := verdict.WindowOf(s.Phases, c.Phase)
	if !ok || !okPhase || series.Reduced != "" {
		return verdict.Reading{}, errors.New("the file does not have the whole series, so only the time (within) can change")
	}
	level, err := quantity(l.Limit, series.Unit)
	if err != nil {
		return verdict.Reading{}, err
	}
	reading := verdict.Fall(points(series, w), w.From, level)
	if reading.Samples == 0 {
		return reading, fmt.Errorf("no samples of %s in %s", c.Metric, c.Phase)
	}
	c.Level, c.LevelUnit = &level, series.Unit
	return reading, nil
}
