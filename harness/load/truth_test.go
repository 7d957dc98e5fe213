package load_test

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// TestLatencyOfAStallingServerIsTheTruth is the reason for an open model. The
// server stands still for one second in three. Whoever would have
// come meanwhile waits until it goes on; a closed model never sends them and
// reports about a millisecond.
//
// There are two truths to compare with: that of the schedule, which a busy
// machine can only make worse, and when the server really answered.
func TestLatencyOfAStallingServerIsTheTruth(t *testing.T) {
	const (
		period = 3 * time.Second
		stall  = time.Second // from the start of each period on
	)
	profile := load.Constant(500, period)
	start := time.Now().Add(50 * time.Millisecond)
	var mu sync.Mutex
	answered := make(map[int64]time.Duration)
	handler := func(w http.ResponseWriter, r *http.Request) {
		if into := time.Since(start) % period; into < stall {
			time.Sleep(stall - into)
		}
		n, err := strconv.ParseInt(strings.TrimPrefix(r.Header.Get(load.HeaderRequest), "search/"), 10, 64)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			answered[n] = time.Since(start)
		}
	}
	o := play(t, handler, load.Config{Start: start},
		load.Stream{Name: "search", Profile: profile, Next: get("/"), MaxLag: 10 * time.Second})[0]
	require.EqualValues(t, 1500, o.Sent, "%+v", o.Counts)
	require.Len(t, answered, 1500, "the server saw each request once")

	var planned, real []float64 // milliseconds
	for n := range int64(1500) {
		due, _ := profile.Due(n)
		planned = append(planned, millis(max(0, stall-due%period)))
		real = append(real, millis(answered[n]-due))
	}
	// Never less than the truth; more only by what a busy machine adds between
	// the server's answer and its reading, of which the send lag is the witness.
	more := 1.05
	if *o.SendLagP99MS > 3 {
		more = 2
	}
	for _, q := range []struct{ at, got float64 }{{0.90, o.Latency.P90}, {0.95, *o.Latency.P95}, {0.99, o.Latency.P99}, {1, o.Latency.Max}} {
		require.GreaterOrEqual(t, q.got, 0.95*quantile(planned, q.at), "quantile %g", q.at)
		require.GreaterOrEqual(t, q.got, 0.95*quantile(real, q.at), "quantile %g", q.at)
		require.LessOrEqual(t, q.got, more*quantile(real, q.at), "quantile %g", q.at)
	}
	require.Greater(t, o.MaxInFlight, int64(100), "requests were sent into the stall")
	t.Logf("p99 %.1f ms; the server's %.1f ms; the schedule's %.1f ms; send lag p99 %.2f ms",
		o.Latency.P99, quantile(real, 0.99), quantile(planned, 0.99), *o.SendLagP99MS)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func quantile(values []float64, q float64) float64 {
	slices.Sort(values)
	return values[int(math.Ceil(q*float64(len(values))))-1]
}

func TestALateAnswerIsCountedWhereItsRequestWasDue(t *testing.T) {
	const slow = 1500 * time.Millisecond
	handler := func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get(load.HeaderRequest) == "search/5" {
			time.Sleep(slow)
		}
	}
	phases := []result.Phase{{Name: "baseline", To: 300 * time.Millisecond}, {Name: "inject", From: 300 * time.Millisecond, To: 600 * time.Millisecond}}
	o := play(t, handler, load.Config{Interval: 100 * time.Millisecond, Phases: phases},
		load.Stream{Name: "search", Profile: load.Constant(100, 600*time.Millisecond), Next: get("/"), MaxLag: 10 * time.Second})[0]
	require.Greater(t, o.Phases[0].Latency.Max, millis(slow)-1)
	require.Less(t, o.Phases[1].Latency.Max, millis(slow))
	require.EqualValues(t, 30, o.Phases[1].Planned)

	highest := series(t, o, "search.latency.max")
	require.Len(t, highest.V, 6)
	require.InDelta(t, 0.05, highest.T[0], 1e-9, "the middle of the interval")
	require.Greater(t, highest.V[0], 0.99*millis(slow))
	for _, v := range highest.V[1:] {
		require.Less(t, v, millis(slow))
	}
	require.Greater(t, len(series(t, o, "search.in_flight").V), 12, "what is in flight is drawn after the last send, too")
	for _, v := range series(t, o, "search.rate.sent").V {
		require.InDelta(t, 100, v, 1e-9)
	}
}

func TestTheHistogramHoldsTheNumbersOfTheResult(t *testing.T) {
	o := play(t, func(http.ResponseWriter, *http.Request) {}, load.Config{},
		load.Stream{Name: "search", Profile: load.Constant(200, 200*time.Millisecond), Next: get("/")})[0]
	h, err := hdr.Decode([]byte(o.Histogram))
	require.NoError(t, err)
	require.Equal(t, o.Sent, h.TotalCount())
	require.InDelta(t, o.Latency.P99, float64(h.ValueAtPercentile(99))/1000, 1e-9)
	fromSend, err := hdr.Decode([]byte(o.HistogramFromSend))
	require.NoError(t, err)
	require.InDelta(t, o.LatencyFromSend.P50, float64(fromSend.ValueAtPercentile(50))/1000, 1e-9)
	require.Less(t, o.LatencyFromSend.Mean, o.Latency.Mean, "the wait before the send is in the one and not in the other")
}

func TestCountsOfSeveralPhasesAreTakenTogether(t *testing.T) {
	o := play(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get(load.HeaderRequest) == "search/25" {
			time.Sleep(300 * ms)
		}
	}, load.Config{Phases: []result.Phase{
		{Name: "warm-up", To: 100 * time.Millisecond}, {Name: "baseline", From: 100 * time.Millisecond, To: 200 * time.Millisecond}, {Name: "inject", From: 200 * time.Millisecond, To: 300 * time.Millisecond},
	}}, load.Stream{Name: "search", Profile: load.Constant(100, 300*ms), Next: get("/"), MaxLag: time.Minute})[0]
	both := o.During("baseline", "inject", "heal")
	require.EqualValues(t, 20, both.Planned)
	require.EqualValues(t, 20, both.Latency.N)
	require.Equal(t, o.Phases[2].Latency.Max, both.Latency.Max)
	require.EqualValues(t, 10, o.During("inject").Sent)
	require.Equal(t, both, o.During("baseline", "inject"), "asking changes nothing")
	require.Zero(t, o.During("heal").Planned)
	slowest := o.Slowest[0]
	require.EqualValues(t, 25, slowest.N)
	require.Equal(t, "/", slowest.Path)
	require.Equal(t, 200, slowest.Status)
	require.InDelta(t, both.Latency.Max, slowest.LatencyMS, both.Latency.Max/1000)
	for _, r := range o.Slowest {
		require.GreaterOrEqual(t, r.DueS, 0.1, "not one of the warm-up")
	}
	for _, s := range load.SeriesOf(load.Stream{Name: "search", Profile: load.Constant(1, 1)}) {
		require.Equal(t, s.Unit, series(t, o, s.Name).Unit)
	}
}

func series(t *testing.T, o load.Tally, name string) result.Series {
	t.Helper()
	for _, s := range o.Series {
		if s.Name == name {
			require.Len(t, s.T, len(s.V))
			return s
		}
	}
	t.Fatalf("no series %s", name)
	return result.Series{}
}
