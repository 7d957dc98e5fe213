package reports

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

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
	require.Less(t, took, 20*time.Second, "a busy machine has slack; the benchmark has none")
}

// BenchmarkHour is the promise's time, without slack.
func BenchmarkHour(b *testing.B) {
	run := hourRun(b)
	size := 0
	for b.Loop() {
		size = len(draw(b, HTML, run))
	}
	b.ReportMetric(float64(size), "page-bytes")
	if each := b.Elapsed() / time.Duration(b.N); each > time.Second && !testing.Short() {
		b.Errorf("%s a page, the limit is 1 s", each)
	}
}
