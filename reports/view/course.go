package view

import (
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/chart"
)

// course is what a check was of, over time.
type course struct {
	series result.Series
	// same says that the check's limit is one of this series; otherwise it only
	// goes with what was checked, as the rate of failures with their number.
	same bool
}

// courseOf finds the series that shows what a check was of. ok is false where none
// was recorded.
func courseOf(s result.Scenario, c result.Check) (found course, ok bool) {
	for _, series := range s.Series {
		if watches(c.Metric, series.Name) {
			return course{series, series.Unit == c.Unit}, true
		}
	}
	for _, name := range akin(c.Metric) {
		i := slices.IndexFunc(s.Series, func(series result.Series) bool { return series.Name == name })
		if i >= 0 && len(s.Series[i].T) > 0 {
			percentile := strings.Contains(c.Metric, ".latency") && strings.HasSuffix(c.Metric, name[strings.LastIndexByte(name, '.'):])
			return course{s.Series[i], percentile && s.Series[i].Unit == c.Unit}, true
		}
	}
	return course{}, false
}

// akin are the names of series that go with a metric, the nearest first.
func akin(metric string) []string {
	if metric == verdict.UnexpectedEnds {
		return []string{"target.rss", "process.rss"}
	}
	of, what, _ := strings.Cut(metric, ".")
	word := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(what, w) })
	}
	rate := func(names ...string) (all []string) {
		for _, n := range names {
			all = append(all, of+".rate."+n, of+"."+n)
		}
		return all
	}
	switch {
	case word("latency"):
		_, last := splitName(metric)
		return []string{of + ".latency." + last, of + ".latency.p99", of + ".latency.max"}
	case word("fail", "error", "status"):
		return rate("failed")
	case word("shed"):
		return rate("shed_by_target")
	case word("delivered", "sent", "late"):
		return rate("sent")
	case word("ok", "answers", "completed", "success"):
		return rate("completed")
	default:
		return nil
	}
}

// brokeAt is the first sample past the check's limit in the check's own phase.
func (c course) brokeAt(s result.Scenario, check result.Check) (at float64, ok bool) {
	if !c.same || check.Verdict != result.Fail {
		return 0, false
	}
	p, inPhase := phase(s, check.Phase)
	for i := range min(len(c.series.T), len(c.series.V)) {
		if t := c.series.T[i]; inPhase && (t < p.From.Seconds() || t >= p.To.Seconds()) {
			continue
		}
		if past(check, c.series.V[i]) {
			return c.series.T[i], true
		}
	}
	return 0, false
}

// past reports whether a value is on the wrong side of a check's limit.
func past(c result.Check, v float64) bool {
	switch verdict.Op(c.Op) {
	case verdict.AtMost:
		return v > c.Threshold
	case verdict.Below:
		return v >= c.Threshold
	case verdict.AtLeast:
		return v < c.Threshold
	case verdict.Above:
		return v <= c.Threshold
	case verdict.Between:
		return v < c.Threshold || c.Upper != nil && v > *c.Upper
	default:
		return false
	}
}

// drawing is the course with the check's limit, the phases, the faults and what happened.
func (c course) drawing(s result.Scenario, check result.Check, id string, points int, more []chart.Mark) chart.Drawing {
	span := spanOf(s)
	series := thin(c.series, points)
	panel := chart.Panel{Title: c.series.Name, Unit: c.series.Unit, Height: middling, AllLimits: true, Lines: []chart.Line{
		{Name: c.series.Name, Unit: c.series.Unit, Style: chart.Main, T: series.T, V: series.V, Note: series.Reduced},
	}}
	if c.same {
		check.Metric = c.series.Name
		s.Checks = []result.Check{check}
		panel.Limits = limits(s, c.series, "", span)
	}
	g := chart.Group{ID: id, Name: s.Name + ", " + c.series.Name, Span: span, Panels: []chart.Panel{panel}, Marks: slices.Concat(more, deaths(s), disturbances(s)), Bare: true}
	g.Phases, g.Faults = bands(s, span)
	return g.Draw()
}
