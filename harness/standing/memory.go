package standing

import (
	"fmt"
	"math"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// leastRequests are what a slope of memory rests on at least. Before that many a
// garbage collector that has not settled says more than a leak does.
const leastRequests = 1000

// maxPoints bounds the points that a slope is drawn through: their pairs are compared.
const maxPoints = 100

// memoryNote says how the target's memory moved with the requests that it had
// answered, after the warm-up. It is told, not judged: a collector's heap grows and
// falls by more than a leak of a short run.
func memoryNote(s Settled, phases []result.Phase) string {
	from := time.Duration(0)
	for _, p := range phases {
		if p.Name == result.WarmUp {
			from = p.To
		}
	}
	answered := answeredBy(s)
	var x, y []float64
	for at, v := range s.Snapshot().Points("target.rss") {
		if at >= from && at < s.Over {
			x, y = append(x, answered(at)), append(y, v)
		}
	}
	x, y = thinned(x), thinned(y)
	if len(x) < 10 || x[len(x)-1]-x[0] < leastRequests {
		return ""
	}
	slope, low, high := theilSen(x, y)
	per := func(v float64) string { return result.Format(v*1000, result.UnitBytes) }
	return fmt.Sprintf("memory grew by %s per 1,000 requests (95 %% between %s and %s)", per(slope), per(low), per(high))
}

// answeredBy tells how many requests had been answered at an offset.
func answeredBy(s Settled) func(time.Duration) float64 {
	type step struct{ at, n float64 }
	var steps []step
	for _, t := range s.Streams {
		for _, series := range t.Series {
			if series.Name != t.Name+".rate.completed" || len(series.T) < 2 {
				continue
			}
			width := series.T[1] - series.T[0]
			for i, at := range series.T {
				steps = append(steps, step{at, series.V[i] * width})
			}
		}
	}
	slices.SortFunc(steps, func(a, b step) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
	return func(at time.Duration) float64 {
		n := 0.0
		for _, one := range steps {
			if one.at > at.Seconds() {
				break
			}
			n += one.n
		}
		return n
	}
}

// thinned keeps at most maxPoints of a column, evenly.
func thinned(column []float64) []float64 {
	if len(column) <= maxPoints {
		return column
	}
	out := make([]float64, maxPoints)
	for i := range out {
		out[i] = column[i*(len(column)-1)/(maxPoints-1)]
	}
	return out
}

// theilSen is the median of the slopes between all pairs, which no outlier moves,
// with its interval of 95 % (Sen 1968).
func theilSen(x, y []float64) (slope, low, high float64) {
	var slopes []float64
	for i := range x {
		for j := range i {
			if x[i] != x[j] {
				slopes = append(slopes, (y[i]-y[j])/(x[i]-x[j]))
			}
		}
	}
	if len(slopes) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	slices.Sort(slopes)
	n := float64(len(x))
	spread := 1.96 * math.Sqrt(n*(n-1)*(2*n+5)/18)
	at := func(rank float64) float64 {
		return slopes[int(min(max(rank, 0), float64(len(slopes)-1)))]
	}
	middle := float64(len(slopes)) / 2
	return at(middle), at(middle - spread/2), at(middle + spread/2)
}
