package reports_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
	"holdfast.dev/holdfast/reports"
)

func TestLoadPerformanceAsGitLabReadsIt(t *testing.T) {
	var h *hdr.Histogram
	for ms := range 100 {
		latency.Record(&h, time.Duration(ms+1)*time.Millisecond, latency.Fine)
	}
	stream := result.Stream{Name: "web", Counts: result.Counts{Sent: 100}, Histograms: result.Histograms{Histogram: latency.Encode(h)}}
	read := func(run *result.Run) map[string]map[string]float64 {
		var out strings.Builder
		require.NoError(t, reports.LoadPerformance(&out, run))
		var got struct{ Metrics map[string]map[string]float64 }
		require.NoError(t, json.Unmarshal([]byte(out.String()), &got))
		return got.Metrics
	}
	got := read(&result.Run{Scenarios: []result.Scenario{{
		Phases:  []result.Phase{{Name: result.Baseline, To: 4 * time.Second}, {Name: result.Drain, From: 4 * time.Second, To: 9 * time.Second}},
		Checks:  []result.Check{{Verdict: result.Pass}, {Verdict: result.Pass}, {Verdict: result.Pass}, {Verdict: result.Inconclusive}},
		Streams: []result.Stream{stream, {Name: "a step", StepOf: "web", Counts: stream.Counts}},
	}}})
	require.Equal(t, map[string]float64{"passes": 3, "fails": 1, "value": 0.75}, got["checks"], "only pass is success")
	require.Equal(t, map[string]float64{"count": 100, "rate": 25}, got["http_reqs"])
	require.InDelta(t, 90, got["http_req_waiting"]["p(90)"], 0.1)
	require.InDelta(t, 95, got["http_req_waiting"]["p(95)"], 0.1)
	require.InDelta(t, 50.5, got["http_req_duration"]["avg"], 0.1)
	require.NotContains(t, read(&result.Run{}), "http_req_waiting", "what was not measured is not there")
}
