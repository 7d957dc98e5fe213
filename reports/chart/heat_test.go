package chart

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

// painted reads a path of cells back: which column and which row, from the bottom, it fills.
func painted(t require.TestingT, d string, fill func(column, row int)) {
	x, y := 0, 0
	for _, m := range regexp.MustCompile(`[Mm](-?\d+) ?(-?\d+)h(\d+)`).FindAllStringSubmatch(d, -1) {
		var n [3]int
		for i := range n {
			v, err := strconv.Atoi(m[i+1])
			require.NoError(t, err)
			n[i] = v
		}
		x, y = x+n[0], y+n[1]
		for range n[2] {
			fill(x, y)
			x++
		}
	}
}

// Every cell with requests is painted once, in the shade of its count, and no other is.
func TestAHeatIsPaintedAsItWasCounted(t *testing.T) {
	counts := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 9), rapid.Int64Range(0, 5000))
	rapid.Check(t, func(rt *rapid.T) {
		h := Heat{Start: 2, Width: 0.5, Columns: make([]result.HeatCounts, rapid.IntRange(1, 12).Draw(rt, "columns"))}
		for i := range h.Columns {
			for b := range h.Columns[i] {
				h.Columns[i][b] = counts.Draw(rt, "count")
			}
		}
		first, _, most, ok := h.buckets()
		if !ok {
			return
		}
		f := Panel{Title: "x", Unit: result.UnitMS, Height: 180, Heat: &h}.draw(Span{0, 10})
		from := first / result.HeatPerDecade * result.HeatPerDecade
		seen, darkest, last := map[[2]int]int{}, int64(0), ""
		for _, c := range f.Cells {
			require.Greater(rt, c.Class, last, "from light to dark")
			last = c.Class
			least := most + 1
			painted(rt, c.D, func(column, row int) {
				seen[[2]int{column, row}]++
				n := h.Columns[column][from+row]
				require.Greater(rt, n, darkest, "a cell of a darker shade has more requests")
				least = min(least, n)
			})
			for column := range h.Columns {
				for b, n := range h.Columns[column] {
					if seen[[2]int{column, b - from}] > 0 {
						darkest = max(darkest, n)
					}
				}
			}
		}
		for column := range h.Columns {
			for b, n := range h.Columns[column] {
				require.Equal(rt, min(n, 1), int64(seen[[2]int{column, b - from}]), "%d requests", n)
			}
		}
		require.Equal(rt, "c5", last, "the most is in the darkest shade")
	})
}

func TestDrawAHeat(t *testing.T) {
	h := &Heat{Start: 1, Width: 0.5, Columns: []result.HeatCounts{{8: 100, 9: 1}, {8: 100}, {}, {8: 3, 16: 1}}}
	limit := func(ms float64) Limit { return Limit{Name: "p99 ≤", Value: ms, Span: Span{0, 2}} }
	f := Panel{Title: "Latency of x, all requests", Unit: result.UnitMS, Height: 180, Heat: h, Limits: []Limit{limit(100), limit(99_000), limit(1)}}.draw(Span{0, 4})
	require.Equal(t, []cells{
		{"c1", "M0 1h1m2 7h1", "matrix(0.5 0 0 -8.33333 1 95.8333)"},
		{"c2", "M3 0h1", "matrix(0.5 0 0 -8.33333 1 95.8333)"},
		{"c5", "M0 0h2", "matrix(0.5 0 0 -8.33333 1 95.8333)"},
	}, f.Cells)
	require.Equal(t, []swatch{{"c1", "1–2"}, {"c2", "3–6"}, {"c5", "40–100"}}, f.Swatches)
	require.Equal(t, []yTick{{"10", "179"}, {"100", "124"}, {"1\u00a0000", "64"}, {"10\u00a0000", "10"}}, f.Ticks, "whole powers of ten")
	require.Equal(t, []string{"p99 ≤ 100\u00a0ms", "p99 ≤ 99\u00a0000\u00a0ms (above the chart)", "p99 ≤ 1\u00a0ms (below the chart)"}, f.Notes)
	require.Equal(t, []rule{{Name: f.Notes[0], X1: "0", X2: "2", Y: "66.6667"}}, f.Limits)
	require.Equal(t, "Latency of x, all requests: most requests took 10\u00a0ms to 17.8\u00a0ms; the slowest 1\u00a0000\u00a0ms to 1\u00a0778\u00a0ms, due from 2.5 s on", f.Label)
	require.Empty(t, Panel{Title: "x", Heat: &Heat{Width: 1, Columns: make([]result.HeatCounts, 3)}}.draw(Span{0, 4}).Cells)
}

func TestTheShadesOfAHeat(t *testing.T) {
	for most, want := range map[int64][]int64{1: {1}, 2: {1, 2}, 5: {1, 2, 3, 4}, 100: {1, 3, 7, 16, 40}, 3000: {1, 5, 25, 122, 605}} {
		require.Equal(t, want, levels(most), most)
	}
}
