package view

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

const (
	mostMoved  = 3    // series that are named
	leastMoved = 3.0  // spreads that a series must have moved to be named
	fewSamples = 5    // without so many on both sides nothing is said of a series
	leastShare = 0.05 // of its largest value: no series is calmer than that
)

// Moved is a series that left its own baseline while the check was missed.
type Moved struct {
	Name, How, From, To, Far string
	spreads                  float64
	group                    string
}

// moved names the series that left their own baseline the farthest in a span of time,
// but what the check itself was of.
//
// The rule: of each series the samples of the baseline and those of the span are
// taken, five of each at least. What it moved is how far its 90th percentile rose, or
// its 10th fell, whichever is more. Its spread is 1.4826 times the median distance of
// the baseline's samples to their median (that of a normal distribution is then its
// standard deviation), and no less than a twentieth of the largest value that the
// series had. Those that moved three spreads or more are named, the farthest first,
// one of each chart.
func moved(s result.Scenario, not string, from, to float64) []Moved {
	base, ok := phase(s, result.Baseline)
	if !ok || base.To.Seconds() > from {
		return nil
	}
	var all []Moved
	skip := ""
	for _, series := range s.Series {
		p := placeOf(series)
		if series.Name == not {
			skip = p.key
			continue
		}
		if strings.HasSuffix(series.Name, ".planned") { // what the load was to be is no effect
			continue
		}
		before := values(series, base.From.Seconds(), base.To.Seconds())
		then := values(series, from, to)
		if m, ok := movement(series, before, then); ok {
			m.group = p.key
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b Moved) int { return cmp.Compare(b.spreads, a.spreads) })
	seen := map[string]bool{skip: not != ""}
	all = slices.DeleteFunc(all, func(m Moved) bool {
		told := seen[m.group]
		seen[m.group] = true
		return told
	})
	return all[:min(len(all), mostMoved)]
}

// movement is how far a series went from its baseline.
func movement(s result.Series, before, then []float64) (Moved, bool) {
	if len(before) < fewSamples || len(then) < fewSamples {
		return Moved{}, false
	}
	middle := quantile(before, 0.5)
	apart := make([]float64, len(before))
	for i, v := range before {
		apart[i] = math.Abs(v - middle)
	}
	largest := 0.0
	for _, v := range slices.Concat(before, then) {
		largest = max(largest, math.Abs(v))
	}
	spread := max(1.4826*quantile(apart, 0.5), leastShare*largest)
	rise, fall := quantile(then, 0.9)-quantile(before, 0.9), quantile(before, 0.1)-quantile(then, 0.1)
	m := Moved{Name: s.Name, How: "rose", spreads: rise / spread}
	reached := quantile(then, 0.9)
	if fall > rise {
		m.How, m.spreads, reached = "fell", fall/spread, quantile(then, 0.1)
	}
	if !(m.spreads >= leastMoved) {
		return Moved{}, false
	}
	m.From, m.To = result.Format(middle, s.Unit), result.Format(reached, s.Unit)
	m.Far = fmt.Sprintf("%.0f times its usual spread", m.spreads)
	return m, true
}

// values are the samples of a series from one moment on, before another.
func values(s result.Series, from, to float64) []float64 {
	var all []float64
	for i := range min(len(s.T), len(s.V)) {
		if s.T[i] >= from && s.T[i] < to && !math.IsNaN(s.V[i]) && !math.IsInf(s.V[i], 0) {
			all = append(all, s.V[i])
		}
	}
	slices.Sort(all)
	return all
}

// quantile is that of values, which it sorts: the nearest rank.
func quantile(v []float64, q float64) float64 {
	slices.Sort(v)
	return v[min(int(q*float64(len(v))), len(v)-1)]
}
