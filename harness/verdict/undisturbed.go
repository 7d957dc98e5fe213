package verdict

import (
	"cmp"
	"math"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Interval is what is known of the requests that were due in a short span of time:
// how many, and their latencies in milliseconds, from the moment they were due.
type Interval struct {
	From, To           time.Duration
	Requests           int64
	P50, P90, P99, Max float64
}

// Undisturbed is the least that a percentile of latencies, in milliseconds, would have
// been without what kept the run from running: of each request is taken off what can
// have been added to it while it was under way. Others who left the run room are
// not among that. It is nil where there were too few requests to say so.
func Undisturbed(intervals []Interval, p Percentile, all []result.Disturbance) *float64 {
	_, full := byRoom(all)
	type certain struct {
		latency  float64
		requests int64 // that took no less
	}
	var rows []certain
	var n int64
	for _, i := range intervals {
		n += i.Requests
		known := int64(0) // of this interval, by a higher quantile
		for _, q := range []struct{ percent, latency float64 }{{100, i.Max}, {99, i.P99}, {90, i.P90}, {50, i.P50}} {
			requests := notBelow(q.percent, i.Requests)
			if i.Requests == 0 || requests <= known {
				continue
			}
			rows = append(rows, certain{q.latency - addedTo(q.latency, i, full), requests - known})
			known = requests
		}
	}
	if p.Percent == 0 || n < p.Needs {
		return nil
	}
	slices.SortFunc(rows, func(a, b certain) int { return cmp.Compare(b.latency, a.latency) })
	left := notBelow(p.Percent, n)
	for _, row := range rows {
		if left -= row.requests; left <= 0 {
			return &row.latency
		}
	}
	return nil
}

// notBelow is how many of n values are not below a percentile of them.
func notBelow(percent float64, n int64) int64 {
	return n - int64(math.Ceil(float64(n)*percent/100)) + 1
}

// addedTo is the most that disturbances can have added to a request that was due in an
// interval and took so long, in milliseconds.
func addedTo(latency float64, i Interval, full []result.Disturbance) float64 {
	until := i.To + result.Seconds(latency/1000)
	return float64(explains*lasted(full, i.From, until)) / float64(time.Millisecond)
}
