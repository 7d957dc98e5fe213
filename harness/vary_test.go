package harness_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
)

// varied is a scenario with a stream that follows the phases and, where there is
// a profile, one that is fixed in time.
func varied(fixed ...load.Profile) harness.Scenario {
	timeline := harness.Timeline{WarmUp: time.Second, Baseline: 2 * time.Second, Inject: 3 * time.Second, Drain: time.Minute}
	next := func(int64, *rand.Rand) load.Request { return load.Request{Path: "/"} }
	s := harness.Scenario{
		Name: "search/varied", Timeline: timeline,
		Load:   []load.Stream{{Name: "search", Profile: load.PerPhase(20, map[string]float64{result.Inject: 60}).Over(timeline.Phases()), Next: next}},
		Faults: []harness.Fault{{ID: "slow-database", On: harness.OnDatabase}, {ID: "kill", On: harness.OnTarget}},
	}
	for _, p := range fixed {
		s.Load = append(s.Load, load.Stream{Name: "fixed", Profile: p, Next: next})
	}
	return s
}

func profiles(s harness.Scenario) (all []string) {
	for _, stream := range s.Load {
		all = append(all, stream.Profile.String())
	}
	return all
}

// byHand is a profile of nobody's making.
type byHand struct{}

func (byHand) Due(n int64) (time.Duration, bool) { return 0, n == 0 }
func (byHand) Duration() time.Duration           { return time.Second }
func (byHand) String() string                    { return "one request" }

func TestWithRate(t *testing.T) {
	s := varied(load.Bursts(10, time.Second, 3*time.Second))
	twice, err := s.WithRate(2)
	require.NoError(t, err)
	require.Equal(t, []string{"40/s for 3s, then 120/s for 3s", "bursts of 20 every 1s for 3s"}, profiles(twice))
	require.Equal(t, []string{"20/s for 3s, then 60/s for 3s", "bursts of 10 every 1s for 3s"}, profiles(s), "the scenario itself stays as it was")

	_, err = varied(byHand{}).WithRate(2)
	require.ErrorContains(t, err, "scenario search/varied: stream fixed: scale one request")
	_, err = s.WithRate(0)
	require.ErrorContains(t, err, "no factor greater than 0")
}

func TestWithoutFault(t *testing.T) {
	s := varied()
	without, err := s.WithoutFault("slow-database")
	require.NoError(t, err)
	require.Equal(t, []harness.Fault{{ID: "kill", On: harness.OnTarget}}, without.Faults)
	require.Len(t, s.Faults, 2, "the scenario itself stays as it was")
	_, err = s.WithoutFault("slow-databas")
	require.ErrorContains(t, err, "there is no fault slow-databas, did you mean slow-database?")
}

func TestWithTimeline(t *testing.T) {
	longer := harness.Timeline{Baseline: 10 * time.Second, Inject: 30 * time.Second, Heal: 5 * time.Second}
	s := varied()
	got, err := s.WithTimeline(longer)
	require.NoError(t, err)
	require.Equal(t, []string{"20/s for 10s, then 60/s for 30s, then 20/s for 5s"}, profiles(got))
	require.Equal(t, 45*time.Second, got.Timeline.Total())
	require.Equal(t, time.Minute, got.Timeline.Drain, "which was not given, and stays")
	require.Equal(t, []string{"20/s for 3s, then 60/s for 3s"}, profiles(s), "the scenario itself stays as it was")

	_, err = varied(load.Constant(20, 6*time.Second)).WithTimeline(longer)
	require.ErrorContains(t, err, "stream fixed: its load of 20/s for 6s is fixed in time")

	late := varied()
	late.Load[0].StartAt = time.Second
	_, err = late.WithTimeline(longer)
	require.ErrorContains(t, err, "fixed in time")

	twice, err := got.WithRate(2)
	require.NoError(t, err)
	back, err := twice.WithTimeline(s.Timeline)
	require.NoError(t, err)
	require.Equal(t, []string{"40/s for 3s, then 120/s for 3s"}, profiles(back), "one change does not undo the other")
}
