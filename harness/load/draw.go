package load

import (
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// draw draws a stream over time.
func draw(stream Stream, t *intervals, inFlight *gauge) []result.Series {
	rate := func(name string, count func(i int) int64) result.Series {
		s := result.Series{Name: stream.Name + ".rate." + name, Unit: result.UnitPerS}
		for i := range t.points {
			from, to := t.span(i)
			s.T = append(s.T, (from+to).Seconds()/2)
			s.V = append(s.V, float64(count(i))/(to-from).Seconds())
		}
		return s
	}
	latency := func(name string, value func(p point) float64) result.Series {
		s := result.Series{Name: stream.Name + ".latency." + name, Unit: result.UnitMS}
		if t.width != t.first {
			s.Reduced = "max per " + lengthText(t.width)
		}
		for i, p := range t.points {
			if p.samples > 0 {
				from, to := t.span(i)
				s.T = append(s.T, (from+to).Seconds()/2)
				s.V = append(s.V, value(p))
			}
		}
		return s
	}
	plan, startAt := stream.Profile, stream.StartAt
	all := []result.Series{
		latency("p50", func(p point) float64 { return p.p50 }),
		latency("p90", func(p point) float64 { return p.p90 }),
		latency("p99", func(p point) float64 { return p.p99 }),
		latency("max", func(p point) float64 { return p.max }),
	}
	if plan != nil { // nobody planned when a step of a journey is due
		all = append(all, rate("planned", func(i int) int64 {
			from, to := t.span(i)
			return DueBefore(plan, to-startAt) - DueBefore(plan, from-startAt)
		}))
	}
	return append(all,
		rate("sent", func(i int) int64 { return t.points[i].sent }),
		rate("completed", func(i int) int64 { return t.points[i].completed }),
		rate("failed", func(i int) int64 { return t.points[i].failed }),
		inFlight.series(stream.Name+".in_flight"),
		rate("shed_by_target", func(i int) int64 { return t.points[i].shedByTarget }))
}

// A column of a heat is no shorter than leastColumn, and there are no more than
// mostColumns: it is looked at, and half of an interval's noise is of its shortness.
const (
	leastColumn = 500 * time.Millisecond
	mostColumns = 120
)

// heat puts the intervals together to columns. Nil: no request has ended.
func (t *intervals) heat() *result.Heat {
	per := max(1, int((leastColumn+t.width-1)/t.width), (len(t.points)+mostColumns-1)/mostColumns)
	columns := make([]result.HeatCounts, (len(t.points)+per-1)/per)
	some := false
	for i, p := range t.points {
		some = some || p.samples > 0
		for b, n := range p.heat {
			columns[i/per][b] += n
		}
	}
	if !some {
		return nil
	}
	return result.NewHeat(t.startAt, time.Duration(per)*t.width, columns)
}
