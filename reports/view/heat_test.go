package view

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
)

// All latencies of a stream stand beside its percentiles, under the same limits.
func TestAllLatenciesStandBesideTheirPercentiles(t *testing.T) {
	counts := make([]result.HeatCounts, 10)
	for i := range counts {
		counts[i][8] = int64(i)
	}
	s := result.Scenario{
		Streams: []result.Stream{
			{Name: "a", Heat: result.NewHeat(0, time.Second, counts)},
			{Name: "b", Heat: &result.Heat{WidthS: 1, Columns: "no columns"}},
			{Name: "c", Heat: result.NewHeat(0, time.Second, counts)}, // without percentiles
		},
		Series: []result.Series{
			{Name: "b.latency.p99", Unit: result.UnitMS, T: []float64{1}, V: []float64{1}},
			{Name: "a.latency.p99", Unit: result.UnitMS, T: []float64{1}, V: []float64{1}},
		},
		Checks: []result.Check{{Metric: "a.latency.p99", Unit: result.UnitMS, Op: "<=", Threshold: 50}},
	}
	all := panels(s, chart.Span{To: 10}, 4)
	var titles []string
	for _, p := range all {
		titles = append(titles, p.Title)
	}
	require.Equal(t, []string{"Latency of b", "Latency of a", "Latency of a, all requests"}, titles)
	require.Equal(t, all[1].Limits, all[2].Limits)
	heat := all[2].Heat
	require.Equal(t, 3.0, heat.Width, "four columns at most")
	require.Len(t, heat.Columns, 4)
	require.EqualValues(t, 3+4+5, heat.Columns[1][8])
}

// The columns of a page are shared.
func TestManyHeatsHaveFewerColumns(t *testing.T) {
	with := func(n int) *result.Run {
		return &result.Run{Scenarios: []result.Scenario{{Streams: make([]result.Stream, n)}}}
	}
	for n, want := range map[int]int{0: mostColumns, 11: 300, 300: fewestColumns} {
		run := with(n)
		for i := range n {
			run.Scenarios[0].Streams[i].Heat = &result.Heat{}
		}
		require.Equal(t, want, columnsPerHeat(run), n)
	}
}
