package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Each row is so many requests, so many of which were not sent for lateness, and
// whether that keeps the timing from being held against the target.
func TestHowManyRequestsMayBeLate(t *testing.T) {
	for _, row := range []struct {
		planned, late int64
		invalid       bool
	}{
		{60, 0, false}, {60, 1, false}, {60, 2, true},
		{100, 1, false}, {100, 2, true},
		{1000, 10, false}, {1000, 11, true},
		{2, 1, false}, {2, 2, true},
		{0, 0, false},
	} {
		s := result.Stream{Name: "web", Counts: result.Counts{Planned: row.planned, Sent: row.planned - row.late, Late: row.late}}
		require.Equal(t, row.invalid, verdict.GeneratorLate([]result.Stream{s}) != "", "%d of %d", row.late, row.planned)
	}
}

func TestASendLagThatIsTooLong(t *testing.T) {
	for lag, invalid := range map[float64]bool{0: false, 50: false, 50.1: true} {
		s := result.Stream{Name: "web", Counts: result.Counts{Planned: 1000, Sent: 1000, SendLagP99MS: new(lag)}}
		require.Equal(t, invalid, verdict.GeneratorLate([]result.Stream{s}) != "", lag)
	}
}
