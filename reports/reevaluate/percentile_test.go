package reevaluate_test

import (
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/result/latency"
)

// withHistograms has a warm-up of slow requests, a baseline of a hundred fast ones
// and a heal of a hundred of 300 ms.
func withHistograms() *result.Run {
	run := oldRun()
	span := func(phase string, n int, took time.Duration) result.StreamPhase {
		var h *hdr.Histogram
		for range n {
			latency.Record(&h, took, latency.Fine)
		}
		return result.StreamPhase{Phase: phase, Counts: result.Counts{Sent: int64(n), Latency: latency.Quantiles(h)}, Histograms: result.Histograms{Histogram: latency.Encode(h)}}
	}
	run.Scenarios[0].Streams[0].Phases = []result.StreamPhase{
		span(result.WarmUp, 100, 2*time.Second), span(result.Baseline, 100, 10*time.Millisecond), span(result.Heal, 100, 300*time.Millisecond),
	}
	return run
}

func TestAnyPercentileOfAnyPhase(t *testing.T) {
	for _, row := range []struct {
		name, limit string
		want        result.Verdict
		samples     int64
	}{
		{"one that nobody names", `metric: search.latency.p94, phase: baseline, limit: 11ms`, result.Pass, 100},
		{"one with a name", `metric: search.latency.p95, phase: heal, limit: 299ms`, result.Fail, 100},
		{"a finer one has too few samples", `metric: search.latency.p99_9, phase: baseline, limit: 11ms`, result.Inconclusive, 100},
		{"and one between", `metric: search.latency.p99_5, phase: baseline, limit: 11ms`, result.Inconclusive, 100},
		{"over the whole load, the warm-up left out", `metric: search.latency.p95, limit: 301ms`, result.Pass, 200},
		{"of which half is fast", `metric: search.latency.p49, limit: 11ms`, result.Pass, 200},
		{"one with a name over the whole load", `metric: search.latency.p90, limit: 299ms`, result.Fail, 200},
		{"the largest", `metric: search.latency.max, limit: 301ms`, result.Pass, 200},
		{"the mean", `metric: search.latency.mean, limit: 100ms`, result.Fail, 200},
		{"of the expected answers alone, of which there is none", `metric: search.latency_ok.p95, limit: 1ms`, result.NotExercised, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			again, err := apply(t, withHistograms(), `limits: [{`+row.limit+`, op: "<="}]`)
			require.NoError(t, err)
			checks := again.Scenarios[0].Checks
			got := checks[len(checks)-1]
			require.Equal(t, row.want, got.Verdict, got.Reason)
			require.Equal(t, row.samples, got.Samples)
		})
	}
}

func TestAPercentileThatCannotBeHad(t *testing.T) {
	damaged := withHistograms()
	damaged.Scenarios[0].Streams[0].Phases[1].Histogram = "AAAA"
	lost := withHistograms()
	lost.Scenarios[0].Streams[0].Phases[1].Histogram = ""
	for _, row := range []struct {
		name, metric, says string
		run                *result.Run
	}{
		{"an older file has no histograms", "search.latency.p95", "the file has no histograms by phase", oldRun()},
		{"one is missing", "search.latency.p90", "the file has no histograms by phase", lost},
		{"one can't be read", "search.latency.p90", "read a histogram", damaged},
		{"no percentile at all", "search.latency.p0", "nothing in this run is judged or measured", withHistograms()},
		{"more than all", "search.latency.p100", "nothing in this run is judged or measured", withHistograms()},
		{"two points", "search.latency.p9_9_9", "nothing in this run is judged or measured", withHistograms()},
		{"another word", "search.latency.median", "nothing in this run is judged or measured", withHistograms()},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := apply(t, row.run, `limits: [{metric: `+row.metric+`, op: "<=", limit: 1}]`)
			require.ErrorContains(t, err, row.says)
		})
	}
}

// What never fell to one level may have fallen to a higher one.
func TestAnotherLevelForWhatNeverFell(t *testing.T) {
	run := oldRun()
	c := &run.Scenarios[0].Checks[3]
	c.Value, c.Verdict, c.Level = nil, result.Fail, ptr(-1.0)
	again, err := apply(t, run, `limits: [{metric: api.in_flight, limit: 1}]`)
	require.NoError(t, err)
	got := again.Scenarios[0].Checks[3]
	require.Equal(t, result.Pass, got.Verdict, got.Reason)
	require.Equal(t, "api.in_flight in heal falls to 1 within 2\u00a0s", got.Name)
	require.InDelta(t, 2, *got.Value, 1e-9)
	still, err := apply(t, run, `limits: [{metric: api.in_flight, within: 4s}]`)
	require.NoError(t, err)
	require.Equal(t, result.Fail, still.Scenarios[0].Checks[3].Verdict, "more time is no fall")
}
