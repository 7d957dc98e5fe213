package profile_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios/profile"
)

const ms = time.Millisecond

func named(t *testing.T, name string) profile.Profile {
	t.Helper()
	p, err := profile.ByName(name)
	require.NoError(t, err)
	return p
}

func TestAProfileIsFoundByItsName(t *testing.T) {
	require.Equal(t, []string{"smoke", "bench", "soak"}, profile.Names())
	for _, name := range profile.Names() {
		require.Equal(t, name, named(t, name).Name)
	}
	_, err := profile.ByName("smok")
	require.EqualError(t, err, `unknown profile "smok": one of [smoke bench soak]`)
}

// The source's literal numbers are those of bench.
func TestBenchHasTheNumbersOfTheSource(t *testing.T) {
	bench := named(t, "bench")
	require.Equal(t, 10_000, bench.Projects)
	require.Equal(t, 100_000, bench.Large)
	require.Equal(t, 1_000_000, bench.Scale)
	require.Equal(t, 10*time.Second, bench.CallTimeout)
	require.Equal(t, 10_000, bench.Refused)
	for _, name := range profile.Names() {
		require.GreaterOrEqual(t, named(t, name).Projects, 10_000, name)
	}
}

// Each row is a kind of timeline in two profiles: warm-up, baseline, inject, heal.
func TestTimelines(t *testing.T) {
	smoke, bench := named(t, "smoke"), named(t, "bench")
	line := func(warmUp, baseline, inject, heal time.Duration) harness.Timeline {
		return harness.Timeline{WarmUp: warmUp, Baseline: baseline, Inject: inject, Heal: heal}
	}
	for _, row := range []struct {
		name         string
		of           func(profile.Profile) harness.Timeline
		smoke, bench harness.Timeline
	}{
		{"steady", profile.Profile.Steady, line(400*ms, time.Second, 0, 0), line(time.Second, 6*time.Second, 0, 0)},
		{"quick", profile.Profile.Quick, line(400*ms, 500*ms, 0, 0), line(time.Second, 3*time.Second, 0, 0)},
		{"brief", profile.Profile.Brief, line(0, 500*ms, 0, 0), line(0, 3*time.Second, 0, 0)},
		{"disturbed", profile.Profile.Disturbed, line(400*ms, 500*ms, time.Second, time.Second), line(time.Second, 3*time.Second, 6*time.Second, 6*time.Second)},
		{"outage", profile.Profile.Outage, line(0, 300*ms, 600*ms, 500*ms), line(0, 1800*ms, 3600*ms, 3*time.Second)},
		{"hanging", profile.Profile.Hanging, line(400*ms, 500*ms, 1600*ms, time.Second), line(time.Second, 3*time.Second, 16*time.Second, 6*time.Second)},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.smoke, row.of(smoke))
			require.Equal(t, row.bench, row.of(bench))
		})
	}
}

func TestADrainIsNotPartOfTheLoad(t *testing.T) {
	plain := named(t, "smoke").Outage()
	longer := profile.WithDrain(plain, time.Minute)
	require.Equal(t, time.Minute, longer.Drain)
	require.Equal(t, plain.Total(), longer.Total())
	require.Zero(t, plain.Drain, "the timeline that it was made of stays as it is")
}

// A fault that all calls wait for outlasts the longest of them, in any profile.
func TestAHangOutlastsWhoWaitsForIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := profile.Profile{
			WarmUp: time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "warm-up")), Phase: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "phase")),
			CallTimeout: time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "timeout")),
		}
		require.Greater(t, p.Hanging().Inject, p.CallTimeout)
	})
}

func TestWhatIsCompressedTellsByHowMuch(t *testing.T) {
	require.Equal(t, result.Compressed{Name: "countdown", RealS: 60, UsedS: 0.2, FactorBy: 300}, profile.Compressed("countdown", time.Minute, 200*ms))
}

func TestProtectionsAreFoundByName(t *testing.T) {
	a := harness.Protection{Name: "a", Off: map[string]string{"A": "0"}}
	b := harness.Protection{Name: "b", Off: map[string]string{"B": "0"}}
	require.Equal(t, []harness.Protection{b, a}, profile.Without([]harness.Protection{a, b}, "b", "a"))
	misspelt := profile.Without([]harness.Protection{a, b}, "a", "c")
	require.Len(t, misspelt, 2, "a name that nobody has is not left out")
	require.Empty(t, misspelt[1].Off)
}
