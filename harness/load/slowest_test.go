package load

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTheSlowestAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		took := rapid.SliceOf(rapid.Int64Range(0, 1000)).Draw(t, "milliseconds")
		var s slowest
		for i, ms := range took {
			due := time.Duration(i) * time.Second
			s.consider(&Exchange{N: int64(i), Due: due, Sent: due + time.Millisecond, End: due + time.Duration(ms)*time.Millisecond})
		}
		slices.SortFunc(took, func(a, b int64) int { return int(b - a) })
		var kept []int64
		for _, r := range s.requests() {
			kept = append(kept, int64(r.LatencyMS))
			require.InDelta(t, r.LatencyMS-1, r.LatencyFromSendMS, 1e-9)
		}
		require.ElementsMatch(t, took[:min(len(took), mostSlowest)], kept)
		require.True(t, slices.IsSortedFunc(kept, func(a, b int64) int { return int(b - a) }))
	})
}

func TestALongPathIsCut(t *testing.T) {
	s := slowest{{Path: "/" + strings.Repeat("é", 500)}}
	require.LessOrEqual(t, len(s.requests()[0].Path), longestPath+len("…"))
}
