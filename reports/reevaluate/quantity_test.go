package reevaluate

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

func TestQuantities(t *testing.T) {
	for _, row := range []struct {
		text, unit string
		want       float64
	}{
		{"300", result.UnitMS, 300},
		{"300ms", result.UnitMS, 300},
		{" 300\u00a0ms ", result.UnitMS, 300},
		{"0.3s", result.UnitMS, 300},
		{"250us", result.UnitMS, 0.25},
		{"250µs", result.UnitMS, 0.25},
		{"2min", result.UnitMS, 120_000},
		{"1 000 ms", result.UnitMS, 1000},
		{"500ms", result.UnitSeconds, 0.5},
		{"2", result.UnitSeconds, 2},
		{"1min", result.UnitSeconds, 60},
		{"100MB", result.UnitBytes, 100e6},
		{"64MiB", result.UnitBytes, 64 << 20},
		{"1GiB", result.UnitBytes, 1 << 30},
		{"99%", result.UnitRatio, 0.99},
		{"0.99", result.UnitRatio, 0.99},
		{"200/s", result.UnitPerS, 200},
		{"1.5×", result.UnitFraction, 1.5},
		{"-3", result.UnitCount, -3},
		{"1e3", result.UnitCount, 1000},
	} {
		t.Run(row.text+" "+row.unit, func(t *testing.T) {
			got, err := quantity(row.text, row.unit)
			require.NoError(t, err)
			require.InDelta(t, row.want, got, 1e-9*row.want*row.want+1e-12)
		})
	}
}

func TestWhatIsNoQuantity(t *testing.T) {
	for _, row := range []struct{ text, unit, says string }{
		{"", result.UnitMS, "want a number"},
		{"fast", result.UnitMS, "want a number"},
		{"ms", result.UnitMS, "want a number"},
		{"1.2.3", result.UnitMS, "want a number"},
		{"1e999", result.UnitMS, "want a number"},
		{"9007199254740993", result.UnitCount, "not told from their neighbours"},
		{"1MB", result.UnitMS, "the metric is in ms"},
		{"5%", result.UnitCount, "the metric is in count"},
		{"5ms", result.UnitBytes, "the metric is in bytes"},
		{"5 parsecs", result.UnitSeconds, "the metric is in s"},
	} {
		t.Run(row.text+" "+row.unit, func(t *testing.T) {
			_, err := quantity(row.text, row.unit)
			require.ErrorContains(t, err, row.says)
		})
	}
}

// A number is read as it was written, in whatever unit the metric has.
func TestANumberAloneIsInTheMetricsUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(-1e15, 1e15).Draw(t, "v")
		unit := rapid.SampledFrom([]string{result.UnitMS, result.UnitBytes, result.UnitCount, result.UnitRatio, result.UnitPerS, result.UnitSeconds, result.UnitFraction, "other"}).Draw(t, "unit")
		got, err := quantity(strconv.FormatFloat(v, 'g', -1, 64), unit)
		require.NoError(t, err)
		require.InDelta(t, v, got, 0)
	})
}

func TestPercentOf(t *testing.T) {
	for word, want := range map[string]float64{"p50": 50, "p95": 95, "p99_9": 99.9, "p99_95": 99.95, "p0_1": 0.1} {
		got, ok := percentOf(word)
		require.True(t, ok, word)
		require.InDelta(t, want, got, 1e-9)
	}
	for _, word := range []string{"", "p", "p0", "p100", "p101", "99", "p9_9_9", "p-1", "p1e1", "px", "p_", "mean"} {
		_, ok := percentOf(word)
		require.False(t, ok, word)
	}
}

func TestWhichMetricsAreOfTheLoad(t *testing.T) {
	s := result.Scenario{Streams: []result.Stream{{Name: "search"}}}
	for metric, want := range map[string]bool{
		"search.ok_ratio": true, "search.failed": true, "search.errors.timeout": true, "search.rate.ok.max": true, "search.latency.p99": true,
		"search.planned": false, "search.wrong": false, "search.status.503": false, "search.completed": false, "target.rss.max": false, "searching.ok": false,
	} {
		require.Equal(t, want, ofLoad(metric, s), metric)
	}
}

func TestWhatAnOlderFileKnew(t *testing.T) {
	old := result.Scenario{Evidence: []result.Check{{Name: "load delivered", Verdict: result.Pass}}}
	require.Empty(t, validityOf(old).TimingInvalid)
	old.Evidence = append(old.Evidence, result.Check{Name: "generator on time", Verdict: result.Inconclusive})
	require.Equal(t, "generator on time did not hold", validityOf(old).TimingInvalid)
	old.Validity = &result.Validity{}
	require.Empty(t, validityOf(old).TimingInvalid, "what is recorded counts, and nothing else")
	require.True(t, known(result.Check{Metric: "m", Unit: result.UnitMS}, result.Scenario{}).Timed)
	require.False(t, known(result.Check{Metric: "m", Unit: result.UnitSeconds, Level: new(float64), LevelUnit: result.UnitCount}, result.Scenario{}).Timed, "the time to fall is timed as what falls is")
	require.False(t, known(result.Check{Metric: "m", Unit: result.UnitMS}, old).Timed)
}
