package chart

import (
	"math"
	"slices"
	"strconv"
)

// Encoded is a line as the d attribute of an SVG path, with what it takes to
// read the numbers back: time = T0 + x·StepT seconds, value = y·StepV. Time is off
// by at most a tenth of the usual distance between two samples, value by at most half
// of StepV, which is at most a quarter of a pixel: more digits would make the page longer
// and show nothing.
type Encoded struct {
	D                string
	T0, StepT, StepV float64
}

// longest is the latest time that is drawn, in seconds: 30 years.
const longest = 1e9

// gapAfter is how many usual distances without a sample make a gap.
const gapAfter = 2.5

// Encode turns samples into a path for a panel of so many pixels. Samples that are not numbers are left out
// and leave a gap. A sample alone between two gaps becomes a dot: a path that
// goes nowhere, which round line caps make visible.
func Encode(t, v []float64, height int) Encoded {
	t, v, breaks := usable(t, v)
	if len(t) == 0 {
		return Encoded{}
	}
	usual := usualDistance(t)
	e := Encoded{T0: round(t[0]), StepT: timeStep(t, usual), StepV: valueStep(v, finest*float64(height))}
	var d []byte
	var lastX, lastY int64
	alone := false
	for i := range t {
		x := int64(math.Round((t[i] - e.T0) / e.StepT))
		y := int64(math.Round(v[i] / e.StepV))
		if i == 0 || breaks[i] || t[i]-t[i-1] > gapAfter*usual {
			if alone {
				d = append(d, "l0 0"...)
			}
			d, alone = append(d, 'M'), true
			d = pair(d, x, y)
		} else {
			if alone {
				d, alone = append(d, 'l'), false
			} else if x >= lastX {
				d = append(d, ' ')
			}
			d = pair(d, x-lastX, y-lastY)
		}
		lastX, lastY = x, y
	}
	if alone {
		d = append(d, "l0 0"...)
	}
	e.D = string(d)
	return e
}

// pair appends two numbers; a minus sign parts them as well as a space does.
func pair(d []byte, x, y int64) []byte {
	d = strconv.AppendInt(d, x, 10)
	if y >= 0 {
		d = append(d, ' ')
	}
	return strconv.AppendInt(d, y, 10)
}

// usable leaves out what is not a number; breaks[i] tells that something was
// left out before sample i.
func usable(t, v []float64) (ut, uv []float64, breaks []bool) {
	n := min(len(t), len(v))
	broken := false
	for i := range n {
		if !finite(t[i]) || math.Abs(t[i]) > longest || !finite(v[i]) {
			broken = true
			continue
		}
		ut, uv, breaks = append(ut, t[i]), append(uv, v[i]), append(breaks, broken)
		broken = false
	}
	return ut, uv, breaks
}

// finite reports whether v can be drawn: it is a number, and no larger than
// anything that is ever measured.
func finite(v float64) bool { return math.Abs(v) <= 1e18 }

// usualDistance is the median of the distances between samples, in seconds.
func usualDistance(t []float64) float64 {
	var distances []float64
	for i := 1; i < len(t); i++ {
		if d := t[i] - t[i-1]; d > 0 {
			distances = append(distances, d)
		}
	}
	if len(distances) == 0 {
		return 1
	}
	slices.Sort(distances)
	return max(distances[len(distances)/2], 1e-6)
}

// timeStep is the coarsest step on whose grid every sample lies within a tenth
// of the usual distance, so that most steps of x are a single digit.
func timeStep(t []float64, usual float64) float64 {
	for _, step := range steps(t, usual) {
		fits := true
		for i := 0; i < len(t) && fits; i++ {
			x := (t[i] - t[0]) / step
			fits = math.Abs(x-math.Round(x))*step <= usual/10
		}
		if fits {
			return step
		}
	}
	return round(max(usual/10, 1e-6))
}

// steps lists steps to try, coarsest first: round numbers close to the usual
// distance, the mean of distances like it, smaller round numbers.
func steps(t []float64, usual float64) []float64 {
	var near, smaller []float64
	decade := math.Floor(math.Log10(usual)) + 1
	for e := decade; e > decade-3; e-- {
		for _, m := range []float64{5, 2.5, 2, 1.25, 1} {
			switch s := m * math.Pow(10, e); {
			case s > usual*1.05 || s < usual/5:
			case s > usual*0.95:
				near = append(near, round(s))
			default:
				smaller = append(smaller, round(s))
			}
		}
	}
	sum, n := 0.0, 0
	for i := 1; i < len(t); i++ {
		if d := t[i] - t[i-1]; d > usual/2 && d < usual*1.5 {
			sum, n = sum+d, n+1
		}
	}
	if n > 0 {
		near = append(near, math.Round(sum/float64(n)*1e9)/1e9)
	}
	return append(near, smaller...)
}

// round keeps a time to the microsecond, so that 0.1 stays 0.1.
func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// finest is how many steps of value there are to a pixel at most. As a step is 1, 2 or 5
// times a power of ten, there are at least two.
const finest = 5

// valueStep is the smallest of 1, 2 and 5 times a power of ten of which the largest value
// has no more than so many. Whole numbers below 100,000 stay exact: a count is read off
// to the last digit.
func valueStep(v []float64, most float64) float64 {
	peak, whole := 0.0, true
	for _, x := range v {
		peak = max(peak, math.Abs(x))
		whole = whole && x == math.Trunc(x)
	}
	if peak < 1e-12 || whole && peak < 1e5 {
		return 1
	}
	for e := int(math.Floor(math.Log10(peak / most))); ; e++ {
		for _, m := range []float64{1, 2, 5} {
			if step := power(m, e); peak <= most*step*(1+1e-9) {
				return step
			}
		}
	}
}

// power is m·10^e, as near as a float can be: 5e-2 and not 5·0.01.
func power(m float64, e int) float64 {
	if e < 0 {
		return m / math.Pow10(-e)
	}
	return m * math.Pow10(e)
}
