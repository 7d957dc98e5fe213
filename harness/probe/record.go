package probe

import (
	"fmt"
	"iter"
	"math"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Record is what a sampler sampled: a value that no longer changes. Offsets
// count from the run's start.
type Record struct {
	End    time.Duration // when it was taken
	Health []Health      // one for each probe
	lines  []line
}

// line is one series of a record.
type line struct {
	Series
	every  time.Duration
	data   samples
	column int
}

// Window is what a series did from one offset until before another.
type Window struct {
	Min, Max, Mean, First, Last float64 // meaningless where N is 0
	// N is how many values these rest on; Expected how many there was time for.
	N, Expected int64
}

// Names lists the series, in the order of the probes.
func (r Record) Names() []Series {
	var names []Series
	for _, l := range r.lines {
		names = append(names, l.Series)
	}
	return names
}

// Window sums up the series of that name with from <= offset < to. It is false
// where no probe measures such a series, which is not the same as N == 0.
func (r Record) Window(name string, from, to time.Duration) (Window, bool) {
	l, ok := r.find(name)
	if !ok {
		return Window{}, false
	}
	w := Window{Min: math.Inf(1), Max: math.Inf(-1), Expected: int64(max(0, to-from) / l.every)}
	for _, v := range l.data.points(l.column, from, to) {
		if w.N == 0 {
			w.First = v
		}
		w.N++
		w.Min, w.Max, w.Last = min(w.Min, v), max(w.Max, v), v
		w.Mean += (v - w.Mean) / float64(w.N)
	}
	if w.N == 0 {
		return Window{Expected: w.Expected}, true
	}
	return w, true
}

// Points yields offset and value of each sample of a series, in order, gaps
// left out; nothing where no probe measures it.
func (r Record) Points(name string) iter.Seq2[time.Duration, float64] {
	l, ok := r.find(name)
	if !ok {
		return func(func(time.Duration, float64) bool) {}
	}
	return l.data.points(l.column, math.MinInt64, math.MaxInt64)
}

func (r Record) find(name string) (line, bool) {
	for _, l := range r.lines {
		if l.Name == name {
			return l, true
		}
	}
	return line{}, false
}

// Series returns all series for the report, each with at most maxPoints points
// (at least 2). A longer one keeps the highest value of each bucket of time,
// and the lowest where [Series.Low] is set, at the offset where it was, and
// says so in Reduced. A bucket without a value has no point: two points
// further apart than two buckets have a gap between them. A series without any
// value is left out.
func (r Record) Series(maxPoints int) []result.Series {
	var all []result.Series
	for _, l := range r.lines {
		if s := l.reduce(max(2, maxPoints)); len(s.T) > 0 {
			all = append(all, s)
		}
	}
	return all
}

func (l line) reduce(maxPoints int) result.Series {
	s := result.Series{Name: l.Name, Unit: l.Unit}
	var count int
	var first, last time.Duration
	for at := range l.data.points(l.column, math.MinInt64, math.MaxInt64) {
		if count == 0 {
			first = at
		}
		last = at
		count++
	}
	if count <= maxPoints {
		for at, v := range l.data.points(l.column, math.MinInt64, math.MaxInt64) {
			s.T, s.V = append(s.T, tidySeconds(at)), append(s.V, tidy(v))
		}
		return s
	}
	buckets := maxPoints
	keep := "max"
	if l.Low {
		buckets, keep = maxPoints/2, "min and max"
	}
	width := ((last-first)/time.Duration(buckets) + time.Millisecond).Truncate(time.Millisecond)
	s.Reduced = fmt.Sprintf("%s per %g s", keep, width.Seconds())
	var b bucket
	for at, v := range l.data.points(l.column, math.MinInt64, math.MaxInt64) {
		if n := int64((at - first) / width); !b.filled || n != b.n {
			b.flush(&s, l.Low)
			b = bucket{n: n, low: point{at, v}, high: point{at, v}, filled: true}
		}
		b.take(point{at, v})
	}
	b.flush(&s, l.Low)
	return s
}

// point is one value at one offset.
type point struct {
	at time.Duration
	v  float64
}

// bucket is the extremes of a span of time.
type bucket struct {
	n         int64
	low, high point
	filled    bool
}

func (b *bucket) take(p point) {
	if p.v < b.low.v {
		b.low = p
	}
	if p.v > b.high.v {
		b.high = p
	}
}

// flush appends the points to keep, in order of time.
func (b *bucket) flush(s *result.Series, low bool) {
	if !b.filled {
		return
	}
	points := []point{b.high}
	if low && b.low != b.high {
		points = []point{b.low, b.high}
		if b.high.at < b.low.at {
			points = []point{b.high, b.low}
		}
	}
	for _, p := range points {
		s.T, s.V = append(s.T, tidySeconds(p.at)), append(s.V, tidy(p.v))
	}
}

// tidySeconds is an offset in seconds, to a tenth of a millisecond.
func tidySeconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e4) / 1e4 }

// tidy spares the file digits that nothing was measured to: whole numbers are
// kept as they are, others to six significant digits.
func tidy(v float64) float64 {
	if v == math.Trunc(v) || math.Abs(v) < 1e-9 {
		return v
	}
	scale := math.Pow(10, 5-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}
