package chart

import (
	"math"
	"slices"

	"holdfast.dev/holdfast/harness/result"
)

// TrendPoint is one run of a [Trend].
type TrendPoint struct {
	At    int // which of the runs, from 0
	Value *float64
	Limit float64
	Upper *float64 // where Limit is the lower end of a range
	// Mark is shown at the point, for example ✕; empty: the line is enough.
	Mark string
	Bad  bool
}

// Trend is one value from run to run, equally far apart, from 0 on.
type Trend struct {
	Runs   int // how many there are in all
	Unit   string
	Label  string // for assistive technology
	Points []TrendPoint
}

// Spark is a trend ready for the template "trend".
type Spark struct {
	Label  string
	Height int
	Top    string
	D      string // the line, in a square of 1000 by 1000
	Dots   string // points with no neighbour, likewise
	Limit  string // the limit, or both ends of a range, likewise
	Marks  []sparkMark
}

type sparkMark struct {
	X, Text string
	Y       int
	Bad     bool
}

const sparkHeight = 48

// Draw lays the trend out. The scale ends at one and a half limits, or at the
// largest value under it: what is further past is marked at the edge.
func (t Trend) Draw() Spark {
	top := 0.0
	for _, p := range t.Points {
		if p.Value != nil && finite(*p.Value) {
			top = max(top, *p.Value)
		}
		for _, l := range p.limits() {
			top = max(top, l)
		}
	}
	if top <= 0 {
		top = 1
	}
	x := func(run int) float64 { return 1000 * (float64(run) + 0.5) / float64(max(t.Runs, 1)) }
	y := func(v float64) float64 { return 1000 - 800*min(max(v/top, 0), 1) }
	s := Spark{Label: t.Label, Height: sparkHeight, Top: result.Format(top, t.Unit)}
	var d, dots, limit []byte
	whole := true // the next point begins a piece of the line
	var from int  // where that begins in d
	single := false
	lone := func() { // a point alone in its piece is a dot that is seen
		if single {
			dots = append(dots, d[from:]...)
		}
	}
	for i, p := range t.Points {
		for _, l := range p.limits() {
			half := 500 / float64(max(t.Runs, 1))
			limit = pair(append(limit, 'M'), grid(x(p.At)-half), grid(y(l)))
			limit = pair(append(limit, 'l'), grid(2*half), 0)
		}
		at := 500.0
		if p.Value == nil || !finite(*p.Value) {
			whole = true
		} else {
			at = y(*p.Value)
			command := byte('L')
			if whole || i > 0 && t.Points[i-1].At != p.At-1 {
				command = 'M'
				lone()
				from = len(d)
			}
			single = command == 'M'
			d = pair(append(d, command), grid(x(p.At)), grid(at))
			if command == 'M' { // a point alone is a dot
				d = append(d, "l0 0"...)
			}
			whole = false
		}
		if p.Mark != "" {
			s.Marks = append(s.Marks, sparkMark{X: short(x(p.At)/10) + "%", Y: int(min(max(at*sparkHeight/1000, 8), sparkHeight-8)), Text: p.Mark, Bad: p.Bad})
		}
	}
	lone()
	s.D, s.Dots, s.Limit = string(d), string(dots), string(limit)
	return s
}

// limits are the ends of what a value may be.
func (p TrendPoint) limits() (all []float64) {
	if finite(p.Limit) {
		all = append(all, p.Limit)
	}
	if p.Upper != nil && finite(*p.Upper) {
		all = append(all, *p.Upper)
	}
	return all
}

// Sketch is a line in a rectangle of 1000 by 100, from 0 to its peak, without axes.
func Sketch(t, v []float64) string {
	t, v, breaks := usable(t, v)
	if len(t) < 2 || t[len(t)-1] <= t[0] {
		return ""
	}
	top := max(slices.Max(v), 1e-12)
	var d []byte
	lastX, lastY := int64(0), int64(0)
	for i := range t {
		x, y := grid(1000*(t[i]-t[0])/(t[len(t)-1]-t[0])), grid(98-96*max(v[i], 0)/top)
		if i == 0 || breaks[i] {
			d = pair(append(d, 'M'), x, y)
		} else {
			d = pair(append(d, 'l'), x-lastX, y-lastY)
		}
		lastX, lastY = x, y
	}
	return string(d)
}

// grid is a coordinate in the square.
func grid(v float64) int64 { return int64(math.Round(v)) }
