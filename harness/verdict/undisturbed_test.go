package verdict_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// seconds are intervals of a second each, from 4 s on, of 60 requests that all took as
// long.
func seconds(latencies ...float64) []verdict.Interval {
	var all []verdict.Interval
	for i, ms := range latencies {
		from := time.Duration(4+i) * time.Second
		all = append(all, verdict.Interval{From: from, To: from + time.Second, Requests: 60, P50: ms, P90: ms, P99: ms, Max: ms})
	}
	return all
}

func TestWhatIsLeftOfALatency(t *testing.T) {
	p99, _ := verdict.PercentileOf("p99")
	p50, _ := verdict.PercentileOf("p50")
	longest, _ := verdict.PercentileOf("max")
	still := []result.Disturbance{{FromS: 6, ToS: 7}}
	for _, row := range []struct {
		name      string
		intervals []verdict.Interval
		p         verdict.Percentile
		all       []result.Disturbance
		want      *float64
	}{
		{"nothing was felt", seconds(3000, 3000, 10, 10), p99, nil, ptr(3000.0)},
		{"of those before it", seconds(500, 10, 10, 10), p99, still, ptr(500.0)},
		{"of those that it met", seconds(10, 10, 3000, 10, 10, 10), p99, still, ptr(10.0)},
		{"of those that took longer than it can explain", seconds(10, 10, 5000, 10, 10, 10), p99, still, ptr(1000.0)},
		{"room was left", seconds(10, 10, 3000, 10), p99, []result.Disturbance{{FromS: 6, ToS: 7, Roomy: true}}, ptr(3000.0)},
		{"too few to be one in a hundred", append(seconds(10, 10, 10), verdict.Interval{From: 7 * time.Second, To: 8 * time.Second, Requests: 1, P50: 900, P90: 900, P99: 900, Max: 900}), p99, nil, ptr(10.0)},
		{"most of them, of each of which only half is known", seconds(10, 3000, 3000, 3000), p50, nil, ptr(10.0)},
		{"less than half of them", seconds(10, 10, 10, 3000), p50, nil, ptr(10.0)},
		{"too few requests", seconds(3000)[:1], p99, nil, nil},
		{"no percentile", seconds(3000, 3000), longest, nil, nil},
		{"no requests", nil, p99, nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, verdict.Undisturbed(row.intervals, row.p, row.all)) })
	}
}

// Whatever the requests were: what is said of their quantiles by interval is never more
// than the percentile of all of them, and without a disturbance it is not nothing.
func TestWhatIsLeftIsNeverMoreThanThereWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]string{"p50", "p90", "p99"}).Draw(t, "percentile")
		of, _ := verdict.PercentileOf(p)
		var intervals []verdict.Interval
		var all []float64
		for i := range rapid.IntRange(1, 5).Draw(t, "intervals") {
			some := rapid.SliceOfN(rapid.Float64Range(1, 5000), 1, 80).Draw(t, "latencies")
			slices.Sort(some)
			from := time.Duration(i) * time.Second
			intervals = append(intervals, verdict.Interval{
				From: from, To: from + time.Second, Requests: int64(len(some)),
				P50: nth(some, 50), P90: nth(some, 90), P99: nth(some, 99), Max: some[len(some)-1],
			})
			all = append(all, some...)
		}
		slices.Sort(all)
		least := verdict.Undisturbed(intervals, of, nil)
		if int64(len(all)) >= of.Needs {
			require.NotNil(t, least)
			require.LessOrEqual(t, *least, nth(all, of.Percent))
		}
	})
}

// nth is the value that so many per cent of sorted ones do not exceed.
func nth(sorted []float64, percent float64) float64 {
	return sorted[max(0, int(math.Ceil(float64(len(sorted))*percent/100))-1)]
}
