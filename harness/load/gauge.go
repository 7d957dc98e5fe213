package load

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// gauge keeps the highest value of each interval, by the time at which it was
// reached. Its values are never negative.
type gauge struct {
	startAt time.Duration
	width   time.Duration
	points  []int64
	level   int64         // now
	told    time.Duration // until when it was handed out
	ended   bool          // nothing is in flight any more
}

func (g *gauge) set(now time.Duration, level int64) {
	i := max(0, int((now-g.startAt)/g.width))
	for i >= maxPoints {
		g.widen()
		i /= 2
	}
	for len(g.points) <= i {
		g.points = append(g.points, g.level) // it stood there meanwhile
	}
	g.points[i] = max(g.points[i], level)
	g.level = level
}

// widen makes every interval twice as wide.
func (g *gauge) widen() {
	for j, v := range g.points {
		if j%2 == 0 {
			g.points[j/2] = v
		} else {
			g.points[j/2] = max(g.points[j/2], v)
		}
	}
	g.points = g.points[:(len(g.points)+1)/2]
	g.width *= 2
}

// holds reports whether an interval of another gauge may be one of a stream that long.
func (g *gauge) holds(from, width, length time.Duration) bool {
	widest := max(g.width, length) + time.Minute // of answers that come hours after the last request
	return width >= g.width && width <= widest && from >= g.startAt && from-g.startAt < maxPoints*width
}

// give adds an interval of another gauge, which is no narrower.
func (g *gauge) give(l LevelDelta) {
	for g.width < l.Width {
		g.widen()
	}
	i := int((l.From - g.startAt) / g.width)
	for i >= maxPoints {
		g.widen()
		i /= 2
	}
	for len(g.points) <= i {
		g.points = append(g.points, 0)
	}
	g.points[i] = max(g.points[i], l.Most)
}

// over returns the intervals that are over since it was last asked.
func (g *gauge) over() []LevelDelta {
	var all []LevelDelta
	for i, v := range g.points {
		from := g.startAt + time.Duration(i)*g.width
		if from < g.told || i == len(g.points)-1 && !g.ended {
			continue
		}
		all = append(all, LevelDelta{From: from, Width: g.width, Most: v})
		g.told = from + g.width
	}
	return all
}

// series draws it over time.
func (g *gauge) series(name string) result.Series {
	s := result.Series{Name: name, Unit: result.UnitCount, Reduced: fmt.Sprintf("max per %s", lengthText(g.width))}
	for i, v := range g.points {
		s.T = append(s.T, (g.startAt + time.Duration(i)*g.width + g.width/2).Seconds())
		s.V = append(s.V, float64(v))
	}
	return s
}
