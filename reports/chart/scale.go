package chart

import (
	"math"

	"holdfast.dev/holdfast/harness/result"
)

// scale maps values to heights, and says how they are written at the axis.
type scale struct {
	low, top float64 // of the values
	step     float64 // between two ticks
	divide   float64 // a tick's text is its value over this
	unit     string  // what the tick texts are in, for the title
}

// newScale covers 0 and every value given, with about n ticks at round numbers.
func newScale(low, top float64, unit string, n int) scale {
	s := scale{low: min(low, 0), top: max(top, 0)}
	s.divide, s.unit = unitOf(max(math.Abs(s.low), math.Abs(s.top)), unit)
	if s.top == s.low {
		s.top = s.divide
	}
	s.step = roundNear((s.top-s.low)/float64(n)/s.divide) * s.divide
	if unit == result.UnitCount || unit == "" {
		s.step = max(s.step, 1)
	}
	s.low = math.Floor(s.low/s.step) * s.step
	top = math.Ceil(s.top/s.step) * s.step
	s.top += (s.top - s.low) * 0.06 // air above the highest point
	if top-s.top > 0 && top-s.top < s.step/2 {
		s.top = top
	}
	return s
}

// unitOf chooses one unit for a whole axis.
func unitOf(peak float64, unit string) (divide float64, name string) {
	switch unit {
	case result.UnitBytes:
		switch {
		case peak >= 1e9:
			return 1e9, "GB"
		case peak >= 1e6:
			return 1e6, "MB"
		case peak >= 1e3:
			return 1e3, "kB"
		}
		return 1, "B"
	case result.UnitRatio:
		return 0.01, "%"
	case result.UnitPerS:
		return 1, "per second"
	case result.UnitFraction:
		return 1, "times"
	case result.UnitCount, "":
		if peak >= 1e6 {
			return 1e6, "millions"
		}
		return 1, ""
	}
	return 1, unit
}

// roundNear is the nearest of 1, 2, 2.5, 5 times a power of ten, by ratio.
func roundNear(v float64) float64 {
	best := roundUp(v)
	for _, less := range []float64{best / 2.5, best / 2, best * 0.8} {
		if r := roundUp(less); r < v && v/r < max(best/v, v/best) {
			best = r
		}
	}
	return best
}

// roundUp is the next of 1, 2, 2.5, 5 times a power of ten.
func roundUp(v float64) float64 {
	if !(v > 0) || !finite(v) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*power >= v*0.999 {
			return m * power
		}
	}
	return 10 * power
}

// y is the height of a value in the inner coordinate system, from the top.
func (s scale) y(v float64) float64 { return high * (s.top - v) / (s.top - s.low) }

// ticks returns the round values within the scale.
func (s scale) ticks() []float64 {
	var at []float64
	for i := 0; i < 12; i++ {
		v := s.low + float64(i)*s.step
		if v > s.top*1.0001 {
			break
		}
		at = append(at, v)
	}
	return at
}

func (s scale) text(v float64) string { return result.Number(math.Round(v/s.divide*1e6) / 1e6) }

// timeTicks returns up to about eight round moments of a span, in seconds.
func timeTicks(s Span) []float64 {
	if !(s.Len() > 0) || !finite(s.From) || !finite(s.To) {
		return nil
	}
	step := 0.0
	for _, c := range []float64{60, 120, 300, 600, 900, 1800, 3600, 7200, 14400} {
		if s.Len() > 300 && s.Len()/c <= 8 {
			step = c
			break
		}
	}
	if step == 0 {
		step = roundUp(s.Len() / 8)
	}
	var at []float64
	for i := math.Ceil(s.From / step); i*step <= s.To*(1+1e-9) && len(at) < 16; i++ {
		at = append(at, i*step)
	}
	return at
}
