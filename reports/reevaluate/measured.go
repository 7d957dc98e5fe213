package reevaluate

import (
	"errors"
	"math"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// measured makes a check of a metric that the run did not judge. ok is false
// when this scenario's data do not have it.
func (l Limit) measured(s result.Scenario) (c result.Check, ok bool, err error) {
	m, ok, err := l.read(s)
	if !ok || err != nil {
		return c, ok, err
	}
	if l.Op == "" {
		return c, true, errors.New("the run had no such check, so an op is needed")
	}
	c, err = l.limits(result.Check{Metric: l.Metric, Phase: l.Phase, Op: l.Op, Unit: m.unit, Timed: m.timed, MinSamples: m.needs})
	if err != nil {
		return c, true, err
	}
	return verdict.Evaluate(c, m.reading, windowOf(c, s), validityOf(s)), true, nil
}

// read finds the metric among the streams' percentiles and the series' summaries.
func (l Limit) read(s result.Scenario) (metric, bool, error) {
	for _, st := range s.Streams {
		if rest, ok := strings.CutPrefix(l.Metric, st.Name+"."); ok {
			if m, ok, err := percentileOf(st, rest, l.Phase); ok || err != nil {
				return m, ok, err
			}
		}
	}
	i := strings.LastIndexByte(l.Metric, '.')
	if i < 0 {
		return metric{}, false, nil
	}
	series, ok := seriesOf(s, l.Metric[:i])
	if !ok {
		return metric{}, false, nil
	}
	how := l.Metric[i+1:]
	if series.Reduced != "" && how != "max" {
		return metric{}, true, errors.New("the file has only the series' largest values (" + series.Reduced + ")")
	}
	w, ok := verdict.WindowOf(s.Phases, l.Phase)
	if !ok {
		return metric{}, true, errors.New("the phase " + l.Phase + " did not take place")
	}
	m := metric{unit: series.Unit, reading: summary(points(series, w), how)}
	m.timed = m.unit == result.UnitMS || m.unit == result.UnitSeconds || m.unit == result.UnitPerS || ofLoad(l.Metric, s)
	return m, !math.IsNaN(m.reading.Value), nil
}
