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
	level   int64 // now
}

func (g *gauge) set(now time.Duration, level int64) {
	i := max(0, int((now-g.startAt)/g.width))
	for i >= maxPoints {
		for j, v := range g.points {
			if j%2 == 0 {
				g.points[j/2] = v
			} else {
				g.points[j/2] = max(g.points[j/2], v)
			}
		}
		g.points = g.points[:(len(g.points)+1)/2]
		g.width *= 2
		i /= 2
	}
	for len(g.points) <= i {
		g.points = append(g.points, g.level) // it stood there meanwhile
	}
	g.points[i] = max(g.points[i], level)
	g.level = level
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
