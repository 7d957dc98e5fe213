package reports

import (
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
)

// curveTable is a curve drawn, and as a table with a row for each size.
type curveTable struct {
	Name, X string
	Plot    *chart.Plot
	Rows    []curveRow
}

type curveRow struct{ X, Before, After string }

func newCurve(c result.Curve) curveTable {
	t := curveTable{Name: c.Name, X: c.X}
	before, after := chart.GrowthLine{Name: "before", Style: chart.Ink}, chart.GrowthLine{Name: "after", Style: chart.Main}
	for _, p := range c.Points {
		t.Rows = append(t.Rows, curveRow{result.Number(p.X), optional(p.Before, c.Unit), optional(p.After, c.Unit)})
		before.Points = append(before.Points, chart.GrowthPoint{X: p.X, V: p.Before})
		after.Points = append(after.Points, chart.GrowthPoint{X: p.X, V: p.After})
	}
	growth := chart.Growth{Title: c.Name + ", by " + c.X, Unit: c.Unit, Lines: []chart.GrowthLine{before, after}}
	if plot, ok := growth.Draw(); ok {
		t.Plot = &plot
	}
	return t
}

func markdownCurves(b *strings.Builder, run *result.Run) {
	for _, c := range run.Curves {
		var rows [][]string
		for _, r := range newCurve(c).Rows {
			rows = append(rows, []string{r.X, inline(r.Before), inline(r.After)})
		}
		table(b, inline(c.Name), []string{inline(c.X), "Before", "After"}, "rrr", rows)
	}
}
