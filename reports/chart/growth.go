package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// GrowthPoint is one size. V is nil where nothing was measured.
type GrowthPoint struct {
	X float64
	V *float64
}

// GrowthLine is how one thing grows.
type GrowthLine struct {
	Name   string
	Style  Style
	Points []GrowthPoint // ascending in X
}

// Growth is a metric over a size, both logarithmic: what grows with the size is
// a slope, what does not is level.
type Growth struct {
	Title string
	Unit  string // of the metric, one of the result.Unit constants
	Lines []GrowthLine
}

// The lines keep away from the sides, so that the texts below them fit: in
// thousandths of the width.
const growthMargin, growthWidth = 50, 900

// Draw lays the growth out; ok is false when there is nothing to draw. What is
// not above 0 has no place on a logarithmic scale and is left out.
func (g Growth) Draw() (p Plot, ok bool) {
	low, top, from, to := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, l := range g.Lines {
		for _, point := range l.Points {
			if point.drawn() {
				low, top = min(low, math.Log10(*point.V)), max(top, math.Log10(*point.V))
				from, to = min(from, math.Log10(point.X)), max(to, math.Log10(point.X))
			}
		}
	}
	if low > top || top-low > 30 {
		return Plot{}, false
	}
	divide, unit := unitOf(math.Pow(10, low), g.Unit)
	low, top = low-0.1, top+0.1
	y := func(v float64) float64 { return 1000 * (top - math.Log10(v)) / (top - low) }
	x := func(size float64) float64 {
		if from == to {
			return 500
		}
		return growthMargin + growthWidth*(math.Log10(size)-from)/(to-from)
	}
	p = Plot{Title: g.Title, Unit: join(unit, "logarithmic"), Height: distributionHeight}
	for _, v := range logTicks(low-math.Log10(divide), top-math.Log10(divide)) {
		at := y(v*divide) * distributionHeight / 1000
		p.Grid += gridLine(at)
		p.Ticks = append(p.Ticks, newTick(result.Number(v), at, distributionHeight))
	}
	p.Columns = g.sizes(x)
	var words []string
	for _, l := range g.Lines {
		p.Curves = append(p.Curves, curve{Style: l.Style, Name: l.Name, D: l.path(x, y), Dots: l.dots(x, y)})
		words = append(words, l.words(g.Unit))
	}
	p.Label = g.Title + ": " + strings.Join(words, "; ")
	return p, true
}

func (p GrowthPoint) drawn() bool {
	return p.V != nil && *p.V > 0 && finite(*p.V) && p.X > 0 && finite(p.X)
}

// sizes names the sizes below the chart, those that have room.
func (g Growth) sizes(x func(float64) float64) []tick {
	var all []float64
	for _, l := range g.Lines {
		for _, p := range l.Points {
			if p.drawn() {
				all = append(all, p.X)
			}
		}
	}
	slices.Sort(all)
	var list []tick
	last := math.Inf(-1)
	for _, size := range all {
		if at := x(size); at-last >= 150 {
			list = append(list, tick{X: short(at/10) + "%", Text: result.Number(size)})
			last = at
		}
	}
	return list
}

// path is the line; a size that was not measured is a gap in it.
func (l GrowthLine) path(x, y func(float64) float64) string {
	var d []byte
	command := byte('M')
	for _, p := range l.Points {
		if !p.drawn() {
			command = 'M'
			continue
		}
		d = pair(append(d, command), grid(x(p.X)), grid(y(*p.V)))
		command = 'L'
	}
	return string(d)
}

// dots marks what was measured.
func (l GrowthLine) dots(x, y func(float64) float64) string {
	var d []byte
	for _, p := range l.Points {
		if p.drawn() {
			d = append(pair(append(d, 'M'), grid(x(p.X)), grid(y(*p.V))), "l0 0"...)
		}
	}
	return string(d)
}

// words is the line for those who don't see it: its first and its last point.
func (l GrowthLine) words(unit string) string {
	var seen []GrowthPoint
	for _, p := range l.Points {
		if p.drawn() {
			seen = append(seen, p)
		}
	}
	if len(seen) == 0 {
		return l.Name + " was not measured"
	}
	first, last := seen[0], seen[len(seen)-1]
	return fmt.Sprintf("%s %s at %s, %s at %s", l.Name, result.Format(*first.V, unit), result.Number(first.X), result.Format(*last.V, unit), result.Number(last.X))
}

func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}
