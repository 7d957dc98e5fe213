package view

import (
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
)

// Curve is how a metric grows, as a table with a row for each size and, in a drawn
// view, as a picture.
type Curve struct {
	Name, X string
	Plot    *chart.Plot
	Rows    []CurveRow
}

// CurveRow is one size.
type CurveRow struct{ X, Before, After string }

func newCurve(c result.Curve) Curve {
	v := Curve{Name: c.Name, X: c.X}
	for _, p := range c.Points {
		v.Rows = append(v.Rows, CurveRow{result.Number(p.X), optional(p.Before, c.Unit), optional(p.After, c.Unit)})
	}
	return v
}

// draw adds the picture.
func (v *Curve) draw(c result.Curve) {
	before, after := chart.GrowthLine{Name: "before", Style: chart.Ink}, chart.GrowthLine{Name: "after", Style: chart.Main}
	for _, p := range c.Points {
		before.Points = append(before.Points, chart.GrowthPoint{X: p.X, V: p.Before})
		after.Points = append(after.Points, chart.GrowthPoint{X: p.X, V: p.After})
	}
	growth := chart.Growth{Title: c.Name + ", by " + c.X, Unit: c.Unit, Lines: []chart.GrowthLine{before, after}}
	if plot, ok := growth.Draw(); ok {
		v.Plot = &plot
	}
}
