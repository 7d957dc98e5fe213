package reports

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

func TestThinningKeepsPeaksAndGaps(t *testing.T) {
	s := result.Series{Name: "x", Unit: result.UnitMS, Reduced: "max per 1 s"}
	for i := range 3600 {
		if i >= 1200 && i < 1500 || i == 2500 || i == 2501 || i == 2502 { // a long gap, and one within a stretch
			continue
		}
		v := 10.0
		switch i {
		case 777:
			v = 950
		case 3001:
			v = 0.5
		}
		s.T, s.V = append(s.T, float64(i)), append(s.V, v)
	}
	got := thin(s, 200)
	require.LessOrEqual(t, len(got.T), 210)
	require.Equal(t, "least and largest per 36\u00a0s of max per 1 s", got.Reduced)
	high, low, gaps := 0.0, math.Inf(1), 0
	for i, v := range got.V {
		if math.IsNaN(v) {
			gaps++
			continue
		}
		high, low = max(high, v), min(low, v)
		require.False(t, got.T[i] > 1220 && got.T[i] < 1480, "nothing is drawn in a gap")
		if v == 950 {
			require.InDelta(t, 777, got.T[i], 36, "a peak stays where it was")
		}
	}
	require.Equal(t, []float64{950, 0.5}, []float64{high, low})
	require.Equal(t, 2, gaps)
	require.Len(t, s.T, 3297, "the source stays as it is")
	require.Equal(t, s, thin(s, 4000), "what is short enough is as it was")
}

func TestThinningOfAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64(), 0, 300).Draw(rt, "values")
		times := rapid.SliceOfN(rapid.Float64(), len(values), len(values)+2).Draw(rt, "times")
		s := result.Series{T: times, V: values}
		got := thin(s, rapid.IntRange(0, 100).Draw(rt, "points"))
		require.Equal(rt, len(got.T) > 0, len(s.T) > 0)
		for _, v := range got.V { // only what was measured is drawn
			require.True(rt, math.IsNaN(v) || contains(values, v))
		}
	})
}

func contains(values []float64, v float64) bool {
	for _, x := range values {
		if x == v {
			return true
		}
	}
	return false
}

// hourRun is thirty scenarios with an hour of samples a second in each of as
// many series as a scenario has.
func hourRun(t testing.TB) *result.Run {
	run := baseRun()
	run.Verdict, run.Reason = result.Pass, "All checks held."
	proto := passingScenario(t, "search/soak", 1)
	r := rand.New(rand.NewPCG(7, 7))
	proto.Series = nil
	for _, name := range []string{"latency.p50", "latency.p90", "latency.p99", "latency.max"} {
		proto.Series = append(proto.Series, wave(r, "search."+name, result.UnitMS, 3600, 3600, 20, 300, 1200, 2400))
	}
	for _, name := range []string{"planned", "sent", "completed", "failed"} {
		proto.Series = append(proto.Series, wave(r, "search.rate."+name, result.UnitPerS, 3600, 3600, 200, 150, 1200, 2400))
	}
	for i := range 19 {
		proto.Series = append(proto.Series, wave(r, fmt.Sprintf("probe%d.value", i), result.UnitBytes, 3600, 3600, 5e7, 9e7, 1200, 2400))
	}
	proto.Phases = phasesOf(60, 1140, 1200, 1140, 60)
	for i := range 30 {
		s := proto
		s.Name = fmt.Sprintf("search/number-%02d", i)
		run.Scenarios = append(run.Scenarios, s)
	}
	return run
}

// The promise: under 2 MB, drawn in under a second, in bounded memory.
func TestThirtyScenariosOfAnHour(t *testing.T) {
	if testing.Short() {
		t.Skip("draws three million points")
	}
	run := hourRun(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	page := draw(t, HTML, run)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	require.Less(t, len(page), 2_000_000)
	t.Logf("%d bytes in %s, %d MB allocated in all", len(page), took, (after.TotalAlloc-before.TotalAlloc)/1e6)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(300e6))
	require.Less(t, took, 5*time.Second, "a busy machine has slack; the benchmark has none")
}

// BenchmarkHour is the promise's time, without slack.
func BenchmarkHour(b *testing.B) {
	run := hourRun(b)
	size := 0
	for b.Loop() {
		size = len(draw(b, HTML, run))
	}
	b.ReportMetric(float64(size), "page-bytes")
	if each := b.Elapsed() / time.Duration(b.N); each > time.Second {
		b.Errorf("%s a page, the limit is 1 s", each)
	}
}
