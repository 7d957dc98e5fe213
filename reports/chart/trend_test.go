package chart

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATrendIsDrawn(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	for _, row := range []struct {
		name  string
		trend Trend
		d     string
		marks int
	}{
		{"a line over a gap", Trend{Runs: 4, Points: []TrendPoint{{At: 0, Value: v(1), Limit: 2}, {At: 1, Value: v(2), Limit: 2}, {At: 3, Value: v(0), Limit: 2}}},
			"M125 600l0 0L375 200M875 1000l0 0", 0},
		{"what was not measured breaks the line and is marked", Trend{Runs: 2, Points: []TrendPoint{{At: 0, Value: v(2), Limit: 2}, {At: 1, Limit: 2, Mark: "–"}}}, "M250 200l0 0", 1},
		{"a limit of 0", Trend{Runs: 1, Points: []TrendPoint{{Value: v(0), Limit: 0}}}, "M500 1000l0 0", 0},
		{"what is no number", Trend{Runs: 1, Points: []TrendPoint{{Value: v(math.Inf(1)), Limit: math.NaN(), Mark: "✕", Bad: true}}}, "", 1},
		{"nothing", Trend{}, "", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := row.trend.Draw()
			require.Equal(t, row.d, s.D)
			require.Len(t, s.Marks, row.marks)
			for _, m := range s.Marks {
				require.True(t, m.Y >= 8 && m.Y <= sparkHeight-8, "a mark is cut off")
			}
		})
	}
}

func TestRangesAndSinglePointsAreSeen(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	s := Trend{Runs: 4, Points: []TrendPoint{{At: 0, Value: v(1), Limit: 1, Upper: v(2)}, {At: 1, Value: v(2), Limit: 1, Upper: v(2)}, {At: 3, Value: v(1), Limit: 1, Upper: v(2)}}}.Draw()
	require.Equal(t, "M875 600l0 0", s.Dots, "the point after a gap, and none of the line")
	require.Equal(t, "M0 600l250 0M0 200l250 0M250 600l250 0M250 200l250 0M750 600l250 0M750 200l250 0", s.Limit, "both ends of the range")
	require.Equal(t, "M500 200l0 0", Trend{Runs: 1, Points: []TrendPoint{{Value: v(1)}}}.Draw().Dots)
}
