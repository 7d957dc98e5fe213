package reevaluate

import (
	"math"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// seriesOf finds a series that is whole.
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
