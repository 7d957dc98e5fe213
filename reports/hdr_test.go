package reports_test

import (
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
	"holdfast.dev/holdfast/reports"
)

// The library's own reader finds each phase of each stream, with all of its latencies.
func TestLatenciesAsALogOfHistograms(t *testing.T) {
	of := func(phase string, ms ...int) result.StreamPhase {
		var h *hdr.Histogram
		for _, v := range ms {
			latency.Record(&h, time.Duration(v)*time.Millisecond, latency.Fine)
		}
		return result.StreamPhase{Phase: phase, Histograms: result.Histograms{Histogram: latency.Encode(h)}}
	}
	run := &result.Run{Scenarios: []result.Scenario{{
		Name:    "search/x, y\n#[BaseTime: 7 (seconds since epoch)]",
		Phases:  []result.Phase{{Name: result.Baseline, To: 2 * time.Second}, {Name: result.Inject, From: 2 * time.Second, To: 5 * time.Second}},
		Streams: []result.Stream{{Name: "web", Phases: []result.StreamPhase{of(result.Baseline, 5, 7, 9), of(result.Inject, 400), {Phase: result.Heal}}}},
	}}}
	var out strings.Builder
	require.NoError(t, reports.HDR(&out, run))
	reader := hdr.NewHistogramLogReader(strings.NewReader(out.String()))
	first, err := reader.NextIntervalHistogram()
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(first.Tag(), "/web/baseline"), first.Tag())
	require.EqualValues(t, 3, first.TotalCount())
	require.InDelta(t, 7000, first.ValueAtQuantile(50), 10)
	second, err := reader.NextIntervalHistogram()
	require.NoError(t, err)
	require.EqualValues(t, 2000, second.StartTimeMs())
	require.EqualValues(t, 5000, second.EndTimeMs())
	require.InDelta(t, 400_000, second.Max(), 500)
	third, err := reader.NextIntervalHistogram()
	require.NoError(t, err)
	require.Nil(t, third, "what was not measured has no line")
}
