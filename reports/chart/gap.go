package chart

import (
	"fmt"
	"math"
)

// gapFine is how many steps of a gap's outline make one of the panel's own
// hundred.
const gapFine = 2

// gap draws, as closed shapes, where the lower line stays under the upper one
// by more than a fiftieth of the panel. It is decoration: numbers are read from
// the lines. Empty when the lines do not share their times.
func (p Panel) gap(s scale) (d, transform string) {
	above, below := p.Lines[p.Gap.Above], p.Lines[p.Gap.Below]
	n := min(above.points(), below.points())
	if n == 0 {
		return "", ""
	}
	for i := range n {
		if above.T[i] != below.T[i] || !finite(above.V[i]) || !finite(below.V[i]) || !finite(above.T[i]) {
			return "", ""
		}
	}
	step := timeStep(above.T[:n], usualDistance(above.T[:n]))
	o := outline{
		x: func(i int) int64 { return int64(math.Round((above.T[i] - above.T[0]) / step)) },
		y: func(l Line, i int) int64 { return int64(math.Round(s.y(l.V[i]) * gapFine)) },
	}
	for from := 0; from < n; from++ {
		to := from
		for to < n && above.V[to]-below.V[to] > (s.top-s.low)/50 {
			to++
		}
		if to > from {
			o.add(above, below, max(from-1, 0), min(to+1, n))
			from = to
		}
	}
	return string(o.d), fmt.Sprintf("matrix(%s 0 0 %s %s 0)", short(step), short(1.0/gapFine), short(above.T[0]))
}

// outline is a path of closed shapes.
type outline struct {
	x func(i int) int64
	y func(l Line, i int) int64
	d []byte
}

// add goes along the upper line and back along the lower one.
func (o *outline) add(above, below Line, from, to int) {
	lastX, lastY := o.x(from), o.y(above, from)
	o.d = append(pair(append(o.d, 'M'), lastX, lastY), 'l')
	first := true
	next := func(x, y int64) {
		if x == lastX && y == lastY {
			return
		}
		if !first && x >= lastX {
			o.d = append(o.d, ' ')
		}
		o.d = pair(o.d, x-lastX, y-lastY)
		lastX, lastY, first = x, y, false
	}
	last := to - 1
	for i := from + 1; i < last; i++ { // a level stretch is one step
		if o.y(above, i) != lastY || o.y(above, i+1) != lastY {
			next(o.x(i), o.y(above, i))
		}
	}
	next(o.x(last), o.y(above, last))
	for i := last; i >= from; i-- {
		next(o.x(i), o.y(below, i))
	}
	o.d = append(o.d, 'z')
}
