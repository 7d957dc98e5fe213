package chart

import (
	"fmt"
	"math"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"holdfast.dev/holdfast/harness/result"
)

// Quantile is one point of a latency distribution.
type Quantile struct {
	Q  float64 // 0.5 … below 1
	MS float64
}

// Quantiles reads a histogram in microseconds as a curve from the median on. It
// stops where the next request would be an invention: at 1 - 1/n.
func Quantiles(h *hdr.PackedHistogram) []Quantile {
	n := h.TotalCount()
	if n == 0 {
		return nil
	}
	last := 1 - 1/float64(n)
	var points []Quantile
	const perStep = 12 // points between one nine and the next
	for i := 0; ; i++ {
		q := unstretch(float64(i) / perStep)
		if q > last {
			break
		}
		points = append(points, Quantile{Q: q, MS: float64(h.ValueAtPercentile(q*100)) / 1000})
	}
	if len(points) == 0 || points[len(points)-1].Q < last {
		points = append(points, Quantile{Q: max(last, 0.5), MS: float64(h.Max()) / 1000})
	}
	return points
}

// unstretch is the inverse of Stretch.
func unstretch(x float64) float64 {
	half := math.Log10(2)
	if x < 1 {
		x = half + x*(1-half)
	}
	return 1 - math.Pow(10, -x)
}

// Curve is one distribution.
type Curve struct {
	Name   string
	Style  Style
	Points []Quantile // ascending in Q
}

// Distribution is latency over the share of requests, with the tail stretched:
// p50, p90, p99, p99.9 … are equally far apart, and milliseconds logarithmic.
type Distribution struct {
	Title  string
	Curves []Curve
}

// Plot is a [Distribution] or a [Growth] ready for the template "curves".
type Plot struct {
	Title, Label string
	Unit         string // of the y axis, and what it is like
	Height       int
	Ticks        []yTick
	Grid         string
	Columns      []tick
	Curves       []curve
}

type curve struct {
	Style Style
	Name  string
	D     string
	Dots  string // empty: there are too many points to mark
}

const distributionHeight = 160

// Stretch places a quantile on the axis: p50 is 0, p90 is 1, p99 is 2.
func Stretch(q float64) float64 {
	nines := -math.Log10(1 - q)
	half := math.Log10(2)
	if nines >= 1 {
		return nines
	}
	return (nines - half) / (1 - half)
}

// Draw lays the distribution out; ok is false when there is nothing to draw.
func (d Distribution) Draw() (p Plot, ok bool) {
	low, top, right := math.Inf(1), 0.0, 1.0
	for _, c := range d.Curves {
		for _, q := range c.Points {
			low, top = min(low, max(q.MS, 0.001)), max(top, q.MS)
			right = max(right, Stretch(q.Q))
		}
	}
	if top <= 0 || !finite(top) || !finite(right) {
		return Plot{}, false
	}
	from, to := math.Log10(low)-0.05, math.Log10(top)+0.05
	p = Plot{Title: d.Title, Unit: "ms, logarithmic", Height: distributionHeight}
	y := func(ms float64) float64 { return 1000 * (to - math.Log10(max(ms, 0.001))) / (to - from) }
	for _, v := range logTicks(from, to) {
		at := y(v) * distributionHeight / 1000
		p.Grid += gridLine(at)
		p.Ticks = append(p.Ticks, newTick(result.Number(v), at, distributionHeight))
	}
	for i, name := range []string{"p50", "p90", "p99", "p99.9", "p99.99", "p99.999", "p99.9999"} {
		if float64(i) <= right+1e-9 {
			p.Columns = append(p.Columns, tick{X: short(100*float64(i)/right) + "%", Text: name})
		}
	}
	var words []string
	for _, c := range d.Curves {
		if len(c.Points) == 0 {
			continue
		}
		p.Curves = append(p.Curves, curve{Style: c.Style, Name: c.Name, D: c.path(right, y)})
		last := c.Points[len(c.Points)-1]
		words = append(words, fmt.Sprintf("%s reaches %s", c.Name, result.Format(last.MS, result.UnitMS)))
	}
	p.Label = d.Title + ": " + strings.Join(words, "; ")
	return p, true
}

// logTicks returns the powers of ten between two logarithms, and twice and five
// times them where that is needed for at least three.
func logTicks(from, to float64) []float64 {
	steps := []float64{1}
	if to-from < 2.5 {
		steps = []float64{1, 2, 5}
	}
	var at []float64
	for e := math.Floor(from); e <= to; e++ {
		for _, m := range steps {
			if v := m * math.Pow(10, e); math.Log10(v) >= from && math.Log10(v) <= to {
				at = append(at, math.Round(v*1e6)/1e6)
			}
		}
	}
	return at
}

// path draws in a square of 1000 by 1000.
func (c Curve) path(right float64, y func(float64) float64) string {
	var d []byte
	var lastX, lastY int64
	for i, q := range c.Points {
		px, py := int64(math.Round(1000*max(Stretch(q.Q), 0)/right)), int64(math.Round(y(q.MS)))
		switch i {
		case 0:
			d = pair(append(d, 'M'), px, py)
		case 1:
			d = pair(append(d, 'l'), px-lastX, py-lastY)
		default:
			d = pair(append(d, ' '), px-lastX, py-lastY)
		}
		lastX, lastY = px, py
	}
	return string(d)
}
