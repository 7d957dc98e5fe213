package view

import (
	"slices"
	"strconv"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
	"holdfast.dev/holdfast/reports/compare"
)

const (
	mostOverlays    = 12 // series of one scenario that are laid over each other
	shownOverlays   = 3  // of those without a limit, in sight
	mostOverlaid    = 40 // scenarios
	overlaidPoints  = 300
	overlaidCaption = "Lines are those of one run a side, the last valid one: they show where to look, and prove no change. Times are each run's own."
)

// TwoRuns is one scenario, its run before laid over its run after.
type TwoRuns struct {
	ID, Name string
	Unfolded bool // something in it changed
	Runs     string
	Note     string
	Charts   chart.Drawing
}

// overlays draws the scenarios of which both sides recorded the same series: what changed
// first.
func overlays(c *compare.Comparison) []TwoRuns {
	changed := map[string]bool{}
	for _, r := range c.Rows {
		changed[r.Scenario] = changed[r.Scenario] || r.Difference == compare.Worse || r.Difference == compare.Better
	}
	var all []TwoRuns
	for _, first := range []bool{true, false} {
		for _, course := range c.Courses {
			if changed[course.Scenario] != first || len(all) == mostOverlaid {
				continue
			}
			id := "s" + strconv.Itoa(len(all)+1)
			if o, ok := newTwoRuns(course, id); ok {
				o.Unfolded = first
				all = append(all, o)
			}
		}
	}
	return all
}

func newTwoRuns(c compare.Course, id string) (TwoRuns, bool) {
	old, recent := c.Old.Scenario, c.New.Scenario
	span := spanOf(recent)
	span.To = max(span.To, spanOf(old).To)
	g := chart.Group{ID: id, Name: c.Scenario, Span: span, Panels: overlaid(old, recent, span)}
	if len(g.Panels) == 0 {
		return TwoRuns{}, false
	}
	g.Phases, g.Faults = bands(recent, span)
	for _, m := range deaths(old) {
		g.Marks = append(g.Marks, chart.Mark{At: m.At, Name: "before: " + m.Name, Bad: true})
	}
	for _, m := range deaths(recent) {
		g.Marks = append(g.Marks, chart.Mark{At: m.At, Name: "after: " + m.Name, Bad: true})
	}
	slices.SortStableFunc(g.Marks, func(a, b chart.Mark) int { return int(max(min(a.At-b.At, 1), -1)) })
	o := TwoRuns{ID: id, Name: c.Scenario, Runs: "before: " + c.Old.Run + ", after: " + c.New.Run, Charts: g.Draw()}
	if !slices.Equal(old.Phases, recent.Phases) {
		o.Note = "The phases are those of the run after; the run before had others."
	}
	return o, true
}

// overlaid has a panel for each series that both sides recorded in the same unit: those
// with a limit first, then latency, requests, memory and the rest.
func overlaid(old, recent result.Scenario, span chart.Span) []chart.Panel {
	type ranked struct {
		panel chart.Panel
		rank  int
	}
	var all []ranked
	for _, after := range recent.Series {
		i := slices.IndexFunc(old.Series, func(s result.Series) bool { return s.Name == after.Name && s.Unit == after.Unit })
		if i < 0 {
			continue
		}
		p := chart.Panel{Title: after.Name, Unit: after.Unit, Height: low, Limits: limits(recent, after, "", span)}
		for _, side := range []struct {
			name   string
			style  chart.Style
			series result.Series
		}{{"before", chart.Reference, thin(old.Series[i], overlaidPoints)}, {"after", chart.Main, thin(after, overlaidPoints)}} {
			p.Lines = append(p.Lines, chart.Line{Name: side.name, Unit: after.Unit, Style: side.style, T: side.series.T, V: side.series.V, Note: side.series.Reduced})
		}
		rank := placeOf(after).order
		if len(p.Limits) > 0 {
			rank = -1
		}
		all = append(all, ranked{p, rank})
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return a.rank - b.rank })
	var panels []chart.Panel
	plain := 0
	for _, r := range all[:min(len(all), mostOverlays)] {
		if r.rank >= 0 {
			plain++
		}
		r.panel.Aside = plain > shownOverlays && len(all) > shownOverlays+1
		panels = append(panels, r.panel)
	}
	return panels
}
