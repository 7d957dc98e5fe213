package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"holdfast.dev/holdfast/harness/result"
)

// Heat is how many requests took how long, over time: columns of time, and in each the
// counts by latency, in buckets that are logarithmic.
type Heat struct {
	Start, Width float64 // seconds: of the first column, and of each
	Columns      []result.HeatCounts
}

// shades is how many there are, from few requests to many.
const shades = 5

// cells are those of one shade, as one path: a stroke as high as a bucket.
type cells struct{ Class, D, Transform string }

// swatch is a shade in the legend.
type swatch struct{ Class, Text string }

// buckets are those that a heat has requests in, with the most of one cell. ok is false
// where there is nothing to draw.
func (h Heat) buckets() (first, last int, most int64, ok bool) {
	first = result.HeatBuckets
	for _, column := range h.Columns {
		for b, n := range column {
			if n > 0 {
				first, last, most = min(first, b), max(last, b), max(most, n)
			}
		}
	}
	return first, last, most, most > 0 && h.Width > 0 && finite(h.Width) && finite(h.Start)
}

// levels are the least counts of the shades: 1, and then each as many times as much as the
// one before, so that one slow request is seen beside thousands.
func levels(most int64) []int64 {
	var least []int64
	for k := range shades {
		least = append(least, int64(math.Ceil(math.Pow(float64(most), float64(k)/shades)-1e-9)))
	}
	return slices.Compact(least)
}

// drawHeat lays a panel of a heat out. Its axis has whole powers of ten.
func (p Panel) drawHeat(span Span) figure {
	f := figure{Title: p.Title, Height: p.Height, Label: p.Title + ": not measured"}
	first, last, most, ok := p.Heat.buckets()
	if !ok {
		return f
	}
	f.Unit = "ms, logarithmic; shades are requests in " + seconds(p.Heat.Width) + nbsp + "s"
	from := first / result.HeatPerDecade * result.HeatPerDecade
	to := (last/result.HeatPerDecade + 1) * result.HeatPerDecade
	y := func(ms float64) float64 {
		return high * (float64(to) - result.HeatPerDecade*math.Log10(max(ms, 1e-9)/result.HeatEdge(0))) / float64(to-from)
	}
	for b := from; b <= to; b += result.HeatPerDecade {
		at := y(result.HeatEdge(b)) * float64(p.Height) / high
		f.Grid += gridLine(at)
		f.Ticks = append(f.Ticks, newTick(result.Number(math.Round(result.HeatEdge(b)*1e6)/1e6), at, p.Height))
	}
	row := high / float64(to-from)
	transform := fmt.Sprintf("matrix(%s 0 0 %s %s %s)", short(p.Heat.Width), short(-row), short(p.Heat.Start), short(high-row/2))
	least := levels(most)
	for i := range least {
		class, until := "c"+strconv.Itoa(shades-len(least)+i+1), most+1
		if i+1 < len(least) {
			until = least[i+1]
		}
		text := count(least[i])
		if until-1 > least[i] {
			text += "–" + count(until-1)
		}
		if d := p.Heat.path(from, to, least[i], until); d != "" {
			f.Cells = append(f.Cells, cells{class, d, transform})
			f.Swatches = append(f.Swatches, swatch{class, text})
		}
	}
	f.limits(p, span, y)
	f.Label = p.Title + ": " + p.Heat.words()
	return f
}

// path are the cells with at least so many requests and fewer than until, row by row, what
// lies side by side as one.
func (h Heat) path(from, to int, least, until int64) string {
	var d []byte
	x, y := 0, 0
	for b := from; b < to; b++ {
		for i := 0; i < len(h.Columns); i++ {
			begin := i
			for i < len(h.Columns) && h.Columns[i][b] >= least && h.Columns[i][b] < until {
				i++
			}
			if i > begin {
				command := byte('m')
				if len(d) == 0 {
					command = 'M'
				}
				d = pair(append(d, command), int64(begin-x), int64(b-from-y))
				d = strconv.AppendInt(append(d, 'h'), int64(i-begin), 10)
				x, y = i, b-from
			}
		}
	}
	return string(d)
}

// words is the heat for those who don't see it: where most requests are, and the slowest.
func (h Heat) words() string {
	var sums result.HeatCounts
	slowest, when := 0, 0
	for i, column := range h.Columns {
		for b, n := range column {
			sums[b] += n
			if n > 0 && b > slowest {
				slowest, when = b, i
			}
		}
	}
	usual := 0
	for b, n := range sums {
		if n > sums[usual] {
			usual = b
		}
	}
	return fmt.Sprintf("most requests took %s; the slowest %s, due from %s s on", between(usual), between(slowest), seconds(h.Start+float64(when)*h.Width))
}

// between is the range of a bucket in words.
func between(b int) string {
	text := func(b int) string { return result.Format(result.HeatEdge(b), result.UnitMS) }
	switch b {
	case 0:
		return "under " + text(1)
	case result.HeatBuckets - 1:
		return "over " + text(b)
	default:
		return text(b) + " to " + text(b+1)
	}
}

func count(n int64) string { return result.Format(float64(n), result.UnitCount) }
