package result_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

// A latency is in the bucket whose edges are around it.
func TestABucketIsBetweenItsEdges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := time.Duration(math.Pow(10, rapid.Float64Range(2, 12).Draw(rt, "magnitude")))
		i := result.HeatBucket(d)
		ms := float64(d) / float64(time.Millisecond)
		if i > 0 {
			require.GreaterOrEqual(rt, ms, result.HeatEdge(i)-0.001, "an edge is at a whole microsecond")
		}
		if i < result.HeatBuckets-1 {
			require.Less(rt, ms, result.HeatEdge(i+1)+0.001)
		}
	})
	require.Equal(t, 4, result.HeatBucket(time.Millisecond))
	require.Equal(t, 0, result.HeatBucket(-time.Second))
	require.Equal(t, result.HeatBuckets-1, result.HeatBucket(time.Hour))
}

func TestColumnsAreReadAsTheyWereWritten(t *testing.T) {
	counts := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 9), rapid.Int64Range(0, 1<<40))
	rapid.Check(t, func(rt *rapid.T) {
		want := make([]result.HeatCounts, rapid.IntRange(1, 20).Draw(rt, "columns"))
		for i := range want {
			for j := range want[i] {
				want[i][j] = counts.Draw(rt, "count")
			}
		}
		h := result.NewHeat(time.Second, 500*time.Millisecond, want)
		got, err := h.Counts()
		require.NoError(rt, err, h.Columns)
		require.Equal(rt, want, got)
	})
	h := result.NewHeat(2*time.Second, time.Second, []result.HeatCounts{{8: 12, 9: 45, 11: 3}, {}, {23: 1}})
	require.Equal(t, &result.Heat{StartS: 2, WidthS: 1, Columns: "8:12,45,0,3 - 23:1"}, h)
}

func TestColumnsThatAreNoneAreRefused(t *testing.T) {
	for _, text := range []string{" ", "8", "8:", "8:x", ":1", "-1:1", "24:1", "23:1,1", "8:-1", "8:1  8:1", "8:1.5", "99999999999999999999:1"} {
		_, err := result.Heat{Columns: text}.Counts()
		require.Error(t, err, "%q", text)
	}
	none, err := result.Heat{}.Counts()
	require.NoError(t, err)
	require.Empty(t, none)
}

func FuzzHeat(f *testing.F) {
	f.Add("8:12,45,0,3 - 23:1")
	f.Fuzz(func(t *testing.T, text string) {
		counts, err := result.Heat{Columns: text}.Counts()
		if err != nil || counts == nil {
			return
		}
		again, err := result.NewHeat(0, time.Second, counts).Counts()
		require.NoError(t, err)
		require.Equal(t, counts, again)
	})
}
