package view

import (
	"math"
	"slices"

	"holdfast.dev/holdfast/harness/result"
)

const (
	// mostSeries of one scenario are drawn.
	mostSeries = 64
	// mostPoints bounds what one page draws: with all that stands around them
	// it keeps thirty scenarios with an hour of series each under 2 MB.
	mostPoints = 140_000
	// fewestPoints are drawn of each series, however many there are.
	fewestPoints = 100
)

// room is how much of each series and of each heat a page has room for.
type room struct{ points, columns int }

func roomOf(run *result.Run) room { return room{pointsPerSeries(run), columnsPerHeat(run)} }

// pointsPerSeries shares the page's points among its series. Short series leave
// theirs to the long ones.
func pointsPerSeries(run *result.Run) int {
	var lengths []int
	for _, s := range run.Scenarios {
		for _, series := range s.Series[:min(len(s.Series), mostSeries)] {
			lengths = append(lengths, len(series.T))
		}
	}
	slices.Sort(lengths)
	left := mostPoints
	for i, n := range lengths {
		share := left / (len(lengths) - i)
		if n > share {
			return max(share, fewestPoints)
		}
		left -= n
	}
	return math.MaxInt
}

// thin reduces a series to about so many points: the least and the largest value
// of each stretch, never a mean, in the order in which they came. Gaps stay
// gaps. Said is that it was done, in words.
func thin(s result.Series, points int) result.Series {
	n := min(len(s.T), len(s.V))
	if n <= points || points < 2 {
		return s
	}
	from, to := s.T[0], s.T[n-1]
	width := (to - from) / float64(points/2)
	if !(width > 0) || math.IsInf(width, 0) {
		return s // times that are none: the chart leaves them out
	}
	out := s
	out.T, out.V = nil, nil
	gap := 2.5 * usual(s.T[:n])
	for i := 0; i < n; {
		cell := math.Floor((s.T[i] - from) / width)
		low, high, j := i, i, i
		for ; j < n && math.Floor((s.T[j]-from)/width) == cell && (j == i || s.T[j]-s.T[j-1] <= gap); j++ {
			if s.V[j] < s.V[low] || math.IsNaN(s.V[low]) {
				low = j
			}
			if s.V[j] > s.V[high] || math.IsNaN(s.V[high]) {
				high = j
			}
		}
		out.T = append(out.T, from+(cell+0.25)*width, from+(cell+0.75)*width)
		out.V = append(out.V, s.V[min(low, high)], s.V[max(low, high)])
		if j < n && s.T[j]-s.T[j-1] > gap {
			out.T, out.V = append(out.T, from+(cell+0.9)*width), append(out.V, math.NaN())
		}
		i = j
	}
	said := "least and largest per " + result.Format(width, result.UnitSeconds)
	if s.Reduced != "" {
		said += " of " + s.Reduced
	}
	out.Reduced = said
	return out
}

// usual is the median of the distances between samples.
func usual(t []float64) float64 {
	distances := make([]float64, 0, len(t))
	for i := 1; i < len(t); i++ {
		distances = append(distances, t[i]-t[i-1])
	}
	slices.Sort(distances)
	return distances[len(distances)/2]
}
