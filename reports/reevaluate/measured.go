package reevaluate

import (
	"errors"
	"math"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// reading is a value with what it rests on.
type reading struct {
	value float64
	unit  string
	n     int64
	need  int64
}

// measured makes a check of a metric that the run did not judge. ok is false
// when this scenario's data do not have it.
func (l Limit) measured(s result.Scenario) (c result.Check, ok bool, err error) {
	r, ok, err := l.read(s)
	if !ok || err != nil {
		return c, ok, err
	}
	if l.Op == "" {
		return c, true, errors.New("the run had no such check, so an op is needed")
	}
	c, err = l.limits(result.Check{Metric: l.Metric, Phase: l.Phase, Op: l.Op, Unit: r.unit, Samples: r.n})
	switch {
	case err != nil:
		return c, true, err
	case r.n == 0:
		c.Verdict, c.Reason = result.NotExercised, "no samples of "+subject(c)
		return c, true, nil
	}
	c.Value = &r.value
	if r.n < r.need {
		c.Verdict, c.Reason = result.Inconclusive, "too few samples of "+subject(c)
		return c, true, nil
	}
	conclude(&c, s)
	return c, true, nil
}

// read finds the metric among the streams' percentiles and the series' summaries.
func (l Limit) read(s result.Scenario) (reading, bool, error) {
	for _, st := range s.Streams {
		if rest, ok := strings.CutPrefix(l.Metric, st.Name+"."); ok {
			if r, ok, err := percentile(st, rest, l.Phase); ok || err != nil {
				return r, ok, err
			}
		}
	}
	i := strings.LastIndexByte(l.Metric, '.')
	if i < 0 {
		return reading{}, false, nil
	}
	series, ok := seriesOf(s, l.Metric[:i])
	if !ok {
		return reading{}, false, nil
	}
	how := l.Metric[i+1:]
	if series.Reduced != "" && how != "max" {
		return reading{}, true, errors.New("the file has only the series' largest values (" + series.Reduced + ")")
	}
	from, to, ok := window(s, l.Phase)
	if !ok {
		return reading{}, true, errors.New("the phase " + l.Phase + " did not take place")
	}
	r := summarise(series, how, from, to)
	return r, !math.IsNaN(r.value), nil
}

// percentile reads latency.p99 and the like of one phase.
func percentile(st result.Stream, name, phase string) (reading, bool, error) {
	which, word, _ := strings.Cut(name, ".")
	of := map[string]func(result.Counts) *result.Quantiles{
		"latency":           func(c result.Counts) *result.Quantiles { return c.Latency },
		"latency_ok":        func(c result.Counts) *result.Quantiles { return c.LatencyOK },
		"latency_from_send": func(c result.Counts) *result.Quantiles { return c.LatencyFromSend },
	}[which]
	value := map[string]struct {
		of   func(result.Quantiles) float64
		need int64
	}{
		"p50":   {func(q result.Quantiles) float64 { return q.P50 }, 1},
		"p90":   {func(q result.Quantiles) float64 { return q.P90 }, 10},
		"p99":   {func(q result.Quantiles) float64 { return q.P99 }, 100},
		"p99_9": {func(q result.Quantiles) float64 { return q.P999 }, 1000},
		"max":   {func(q result.Quantiles) float64 { return q.Max }, 1},
		"mean":  {func(q result.Quantiles) float64 { return q.Mean }, 1},
	}[word]
	if of == nil || value.of == nil {
		return reading{}, false, nil
	}
	if phase == "" {
		return reading{}, true, errors.New("name a phase: percentiles of several can't be put together from the file")
	}
	for _, p := range st.Phases {
		if p.Phase != phase {
			continue
		}
		r := reading{unit: result.UnitMS, need: value.need}
		if q := of(p.Counts); q != nil && q.N > 0 {
			r.value, r.n = value.of(*q), q.N
		}
		return r, true, nil
	}
	return reading{}, true, errors.New("the phase " + phase + " did not take place")
}

func seriesOf(s result.Scenario, name string) (result.Series, bool) {
	for _, series := range s.Series {
		if series.Name == name && len(series.T) == len(series.V) {
			return series, true
		}
	}
	return result.Series{}, false
}

// window is the span of a phase; the empty name is all that follows the warm-up,
// the drain included, as in the run itself.
func window(s result.Scenario, phase string) (from, to float64, ok bool) {
	for _, p := range s.Phases {
		if p.Name != phase && (phase != "" || p.Name == result.WarmUp || p.Name == result.Verify) {
			continue
		}
		if !ok {
			from, ok = p.From.Seconds(), true
		}
		to = p.To.Seconds()
	}
	return from, to, ok
}

// summarise reads a series between two moments. The value of a word that is no
// summary is not a number.
func summarise(s result.Series, how string, from, to float64) reading {
	low, high, sum, last, n := math.Inf(1), math.Inf(-1), 0.0, 0.0, int64(0)
	for i, at := range s.T {
		if at < from || at >= to || math.IsNaN(s.V[i]) {
			continue
		}
		v := s.V[i]
		low, high, sum, last, n = min(low, v), max(high, v), sum+v, v, n+1
	}
	r := reading{unit: s.Unit, n: n, need: 1}
	switch how {
	case "max":
		r.value = high
	case "min":
		r.value = low
	case "mean":
		r.value = sum / float64(max(n, 1))
	case "last":
		r.value = last
	default:
		r.value = math.NaN()
	}
	return r
}
