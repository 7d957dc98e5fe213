package load_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/load"
)

const ms = time.Millisecond

func TestProfiles(t *testing.T) {
	for _, row := range []struct {
		profile load.Profile
		shape   string
		planned int64
		due     map[int64]time.Duration
	}{
		{load.Constant(200, 10*time.Second), "200/s for 10s", 2000, map[int64]time.Duration{0: 0, 1: 5 * ms, 1999: 9995 * ms}},
		{load.Constant(0.5, 2*time.Minute), "0.5/s for 2m", 60, map[int64]time.Duration{1: 2 * time.Second}},
		{load.Constant(3, 10*time.Second), "3/s for 10s", 30, map[int64]time.Duration{3: time.Second}}, // a third of a second rounds
		{load.Constant(0, time.Second), "0/s for 1s", 0, nil},                                          // a pause
		{load.Constant(-1, time.Second), "-1/s for 1s", 0, nil},
		{load.Ramp(0, 100, 10*time.Second), "0/s to 100/s over 10s", 500, map[int64]time.Duration{0: 0, 125: 5 * time.Second}}, // a quarter in half the time
		{load.Ramp(100, 0, 10*time.Second), "100/s to 0/s over 10s", 500, map[int64]time.Duration{375: 5 * time.Second}},
		{load.Bursts(3, time.Second, 2500*ms), "bursts of 3 every 1s for 2.5s", 9, map[int64]time.Duration{2: 0, 3: time.Second, 8: 2 * time.Second}},
		{load.Bursts(3, time.Second, 2*time.Second), "bursts of 3 every 1s for 2s", 6, nil}, // none at the very end
		{load.Bursts(0, time.Second, time.Second), "bursts of 0 every 1s for 1s", 0, nil},
		{load.Steps(time.Second, 10, 0, 20), "steps of 10/s, 0/s, 20/s, 1s each", 30, map[int64]time.Duration{9: 900 * ms, 10: 2 * time.Second}},
		{load.Sequence(load.Constant(1, time.Hour), load.Bursts(2, time.Second, time.Second)), "1/s for 1h, then bursts of 2 every 1s for 1s", 3602,
			map[int64]time.Duration{3599: 3599 * time.Second, 3600: time.Hour, 3601: time.Hour}},
		{load.Sequence(), "", 0, nil},
		// Half of the first period is above the mean, by swing·period/2π in all.
		{load.Waves(0, 100, 10*time.Second, 20*time.Second), "waves of 0/s to 100/s every 10s for 20s", 1000, map[int64]time.Duration{0: 0, 500: 10 * time.Second}},
		{load.Waves(50, 50, 10*time.Second, 2*time.Second), "waves of 50/s to 50/s every 10s for 2s", 100, map[int64]time.Duration{1: 20 * ms}},
		{load.Waves(100, 50, 10*time.Second, 2*time.Second), "waves of 100/s to 50/s every 10s for 2s", 0, nil},
	} {
		t.Run(row.shape, func(t *testing.T) {
			require.Equal(t, row.shape, row.profile.String())
			require.Equal(t, row.planned, load.Planned(row.profile))
			for n, want := range row.due {
				due, ok := row.profile.Due(n)
				require.True(t, ok, "request %d", n)
				require.Equal(t, want, due, "request %d", n)
			}
			for _, n := range []int64{-1, row.planned, row.planned + 1, 1 << 40} {
				_, ok := row.profile.Due(n)
				require.False(t, ok, "request %d", n)
			}
		})
	}
}

func TestPeakIsTheMostWithinASecond(t *testing.T) {
	require.InDelta(t, 200, load.Peak(load.Constant(200, 10*time.Second)), 1)
	require.InDelta(t, 200, load.Peak(load.Constant(200, 100*ms)), 1e-9, "a load shorter than a second")
	require.InDelta(t, 99.5, load.Peak(load.Ramp(0, 100, 10*time.Second)), 5)
	require.InDelta(t, 70, load.Peak(load.Bursts(70, 5*time.Second, 20*time.Second)), 1e-9)
	require.InDelta(t, 50, load.Peak(load.Steps(2*time.Second, 10, 50, 20)), 1)
}

func drawProfile(t *rapid.T) load.Profile {
	rate := rapid.Float64Range(0, 5000)
	length := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(1, int64(20*time.Second)).Draw(t, "length"))
	})
	simple := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) load.Profile { return load.Constant(rate.Draw(t, "rate"), length.Draw(t, "for")) }),
		rapid.Custom(func(t *rapid.T) load.Profile {
			return load.Ramp(rate.Draw(t, "from"), rate.Draw(t, "to"), length.Draw(t, "over"))
		}),
		rapid.Custom(func(t *rapid.T) load.Profile {
			low := rate.Draw(t, "low")
			return load.Waves(low, low+rate.Draw(t, "swing"), max(length.Draw(t, "period"), ms), length.Draw(t, "for"))
		}),
		rapid.Custom(func(t *rapid.T) load.Profile {
			return load.Steps(length.Draw(t, "each"), rapid.SliceOfN(rate, 1, 4).Draw(t, "rates")...)
		}),
		rapid.Custom(func(t *rapid.T) load.Profile {
			return load.Bursts(rapid.IntRange(0, 500).Draw(t, "size"), max(length.Draw(t, "every"), ms), length.Draw(t, "for"))
		}),
	)
	return rapid.OneOf(simple, rapid.Custom(func(t *rapid.T) load.Profile {
		return load.Sequence(rapid.SliceOfN(simple, 0, 4).Draw(t, "parts")...)
	})).Draw(t, "profile")
}

func TestEveryProfileIsAPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProfile(t)
		planned := load.Planned(p)
		require.Equal(t, planned, load.DueBefore(p, p.Duration()), "all requests are due before the end")
		if planned == 0 {
			return
		}
		n := rapid.Int64Range(0, planned-1).Draw(t, "n")
		due, ok := p.Due(n)
		require.True(t, ok)
		require.GreaterOrEqual(t, due, time.Duration(0))
		require.Less(t, due, p.Duration())
		if n > 0 {
			before, _ := p.Due(n - 1)
			require.LessOrEqual(t, before, due, "never decreasing")
		}
		require.LessOrEqual(t, load.DueBefore(p, due), n)
		require.Greater(t, load.DueBefore(p, due+1), n)
	})
}
