package harness

import (
	"math"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// intervalsOf is what a stream's series say of the requests that were due in a window,
// interval by interval. There are none where intervals were put together: the quantiles
// of two are no quantiles of both.
func intervalsOf(t load.Tally, w verdict.Window) []verdict.Interval {
	of := func(name string) result.Series {
		i := slices.IndexFunc(t.Series, func(s result.Series) bool { return s.Name == t.Name+"."+name })
		if i < 0 {
			return result.Series{}
		}
		return t.Series[i]
	}
	rate, longest := of("rate.sent"), of("latency.max")
	if len(rate.T) < 2 || longest.Reduced != "" {
		return nil
	}
	p50, p90, p99 := of("latency.p50"), of("latency.p90"), of("latency.p99")
	width := rate.T[1] - rate.T[0]
	var all []verdict.Interval
	for i, at := range longest.T {
		from := result.Seconds(at - width/2).Round(time.Millisecond)
		n := slices.Index(rate.T, at)
		if from < w.From || from >= w.To || n < 0 {
			continue
		}
		all = append(all, verdict.Interval{
			From: from, To: from + result.Seconds(width), Requests: int64(math.Round(rate.V[n] * width)),
			P50: p50.V[i], P90: p90.V[i], P99: p99.V[i], Max: longest.V[i],
		})
	}
	return all
}
