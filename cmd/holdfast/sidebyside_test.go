package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/manifest"
)

func TestWhatFitsSideBySide(t *testing.T) {
	for _, row := range []struct {
		n      int
		memory float64
		want   int
	}{{3, math.Inf(1), 3}, {9, 1 << 31, 4}, {9, 1 << 29, 1}, {9, 1 << 20, 1}, {65, math.Inf(1), mostSideBySide}} {
		require.Equal(t, row.want, fitSideBySide(row.n, row.memory), row)
	}
}

// Several scenarios at a time are for what each can have a copy of.
func TestHowManyGoOnSideBySide(t *testing.T) {
	stands, idle := standsSideBySide()
	require.GreaterOrEqual(t, stands, 1)
	require.LessOrEqual(t, stands, idle)
	require.LessOrEqual(t, idle, mostSideBySide)
	reference, own := subject{profile: "smoke"}, subject{profile: "smoke", service: &manifest.Service{}}
	elsewhere := subject{profile: "own", service: &manifest.Service{}, launch: harness.Launch{URL: "http://127.0.0.1:1"}}
	for _, row := range []struct {
		of    subject
		typed int
		want  int
		wrong string
	}{
		{of: reference, want: stands},
		{of: reference, typed: 3, want: 3},
		{of: subject{profile: "bench"}, want: stands},
		{of: subject{profile: "soak"}, want: 1},
		{of: subject{profile: "soak"}, typed: 2, want: 2},
		{of: own, want: 1},
		{of: own, typed: 2, want: 2},
		{of: elsewhere, want: 1},
		{of: elsewhere, typed: 2, wrong: "--side-by-side 2: http://127.0.0.1:1 is there once"},
		{of: reference, typed: -1, wrong: "at least one"},
	} {
		p := plan{subject: row.of, flags: runFlags{sideBySide: row.typed}}
		err := p.readSideBySide()
		if row.wrong != "" {
			require.ErrorContains(t, err, row.wrong)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, row.want, p.config.SideBySide)
		if row.typed > 0 {
			require.Equal(t, row.typed, p.config.SideBySideIdle, "what was typed is not exceeded")
		}
	}
}
