package reevaluate

import (
	"errors"
	"math"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// metric is what a file has of a metric that the run did not judge.
type metric struct {
	unit    string
	timed   bool
	needs   int64 // samples
	reading verdict.Reading
}

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
	return verdict.Evaluate(c, m.reading, validityOf(s)), true, nil
}

// read finds the metric among the streams' percentiles and the series' summaries.
func (l Limit) read(s result.Scenario) (metric, bool, error) {
	for _, st := range s.Streams {
		if rest, ok := strings.CutPrefix(l.Metric, st.Name+"."); ok {
			if m, ok, err := percentile(st, rest, l.Phase); ok || err != nil {
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
	m.timed = m.unit == result.UnitMS || m.unit == result.UnitSeconds || ofLoad(l.Metric, s)
	return m, !math.IsNaN(m.reading.Value), nil
}

// percentile reads latency.p99 and the like of one phase.
func percentile(st result.Stream, name, phase string) (metric, bool, error) {
	which, word, _ := strings.Cut(name, ".")
	p, ok := verdict.PercentileOf(word)
	if !ok {
		return metric{}, false, nil
	}
	for _, d := range verdict.Distributions() {
		if d.Name == which {
			return percentileOf(st, d, p, phase)
		}
	}
	return metric{}, false, nil
}

func percentileOf(st result.Stream, d verdict.Distribution, p verdict.Percentile, phase string) (metric, bool, error) {
	if phase == "" {
		return metric{}, true, errors.New("name a phase: percentiles of several can't be put together from the file")
	}
	for _, span := range st.Phases {
		if span.Phase == phase {
			return metric{unit: result.UnitMS, timed: true, needs: p.Needs, reading: p.Read(d.Of(span.Counts))}, true, nil
		}
	}
	return metric{}, true, errors.New("the phase " + phase + " did not take place")
}

func seriesOf(s result.Scenario, name string) (result.Series, bool) {
	for _, series := range s.Series {
		if series.Name == name && len(series.T) == len(series.V) {
			return series, true
		}
	}
	return result.Series{}, false
}

// points are those of a series within a window.
func points(s result.Series, w verdict.Window) []verdict.Point {
	var list []verdict.Point
	for i, t := range s.T {
		if at := result.Seconds(t); at >= w.From && at < w.To && !math.IsNaN(s.V[i]) {
			list = append(list, verdict.Point{At: at, Value: s.V[i]})
		}
	}
	return list
}

// summary puts points into one number. The value of a word that is no summary is
// not a number.
func summary(list []verdict.Point, how string) verdict.Reading {
	low, high, sum, last := math.Inf(1), math.Inf(-1), 0.0, 0.0
	for _, p := range list {
		low, high, sum, last = min(low, p.Value), max(high, p.Value), sum+p.Value, p.Value
	}
	value, ok := map[string]float64{"max": high, "min": low, "mean": sum / float64(max(len(list), 1)), "last": last}[how]
	if !ok {
		value = math.NaN()
	}
	return verdict.Reading{Value: value, Samples: int64(len(list))}
}
