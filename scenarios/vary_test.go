package scenarios_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios"
)

// A scenario whose load is given by phases is the same experiment over phases of
// other lengths: a longer injection is one line, not another scenario.
func TestScenariosFollowAnotherTimeline(t *testing.T) {
	follow := map[string]bool{}
	for _, s := range scenarios.Catalogue(profileNamed(t, "smoke")) {
		longer := s.Timeline
		longer.Inject += 10 * time.Second
		varied, err := s.WithTimeline(longer)
		if err != nil {
			require.ErrorContains(t, err, "is fixed in time", s.Name)
			continue
		}
		follow[s.Name] = true
		for _, stream := range varied.Load {
			require.Equal(t, longer.Total(), stream.Profile.Duration(), "%s %s", s.Name, stream.Name)
		}
		back, err := varied.WithTimeline(s.Timeline)
		require.NoError(t, err)
		for i, stream := range back.Load {
			require.Equal(t, load.PlanHash(1, s.Load[i], 1000), load.PlanHash(1, stream, 1000), "%s %s", s.Name, stream.Name)
		}
	}
	for _, name := range []string{"search/overload", "search/locked-table"} {
		require.True(t, follow[name], "%s has a load by phases", name)
	}
	t.Logf("%d scenarios follow their phases", len(follow))
}

func TestEveryScenarioCanBeAskedMore(t *testing.T) {
	for _, s := range scenarios.Catalogue(profileNamed(t, "smoke")) {
		twice, err := s.WithRate(2)
		require.NoError(t, err)
		for i, stream := range twice.Load {
			require.InEpsilon(t, 2, float64(load.Planned(stream.Profile))/float64(load.Planned(s.Load[i].Profile)), 0.5, "%s %s", s.Name, stream.Name)
		}
	}
}
