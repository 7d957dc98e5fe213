package traffic_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/traffic"
)

// holds says what is true of every summary.
func holds(t *testing.T, s traffic.Summary) {
	elsewhere, share := 0, 0.0
	for _, n := range s.Elsewhere {
		elsewhere += n
	}
	require.Equal(t, s.Lines, s.Counted()+s.NotFound+s.Skipped+elsewhere)
	for i, r := range s.Routes {
		share += r.Share
		require.Equal(t, len(r.Places), strings.Count(r.Path, "{id"), r.Path)
		require.True(t, i == 0 || r.Count <= s.Routes[i-1].Count)
		require.GreaterOrEqual(t, r.Peak, r.Mean)
	}
	if len(s.Routes) > 0 {
		require.InDelta(t, 1, share, 1e-6)
	}
}

func FuzzReadAccessLog(f *testing.F) {
	for _, row := range formats {
		f.Add(row.line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := traffic.ReadAccessLog(strings.NewReader(text)); err == nil {
			holds(t, s)
		}
	})
}

func FuzzReadHAR(f *testing.F) {
	f.Add(archive)
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := traffic.ReadHAR(strings.NewReader(text)); err == nil {
			holds(t, s)
		}
	})
}

func FuzzReadCurl(f *testing.F) {
	for _, text := range curls {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := traffic.ReadCurl(strings.NewReader(text)); err == nil {
			holds(t, s)
		}
	})
}
