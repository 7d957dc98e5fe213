package view

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/compare"
)

// Two runs are laid over each other in what both recorded; of several runs a side in the
// last valid one, and the scenario that changed comes first.
func TestTwoRunsAreOverlaid(t *testing.T) {
	run := func(id string, verdict result.Verdict, then float64) *result.Run {
		s := experiment(step("shop.rate.failed", result.UnitPerS, 0, 1), step("target.rss", result.UnitBytes, 50e6, 51e6), step("shop.latency.p99", result.UnitMS, 40, then))
		s.Verdict = verdict
		s.Checks = []result.Check{{Metric: "shop.latency.p99", Unit: result.UnitMS, Op: "<=", Threshold: 500, Phase: result.Inject, Verdict: verdict, Value: ptr(then)}}
		calm := experiment(step("shop.latency.p99", result.UnitMS, 40, 41), step("only."+id, result.UnitCount, 1, 1))
		calm.Name, calm.Verdict = "shop/calm", result.Pass
		return &result.Run{ID: id, Complete: true, Scenarios: []result.Scenario{calm, s}}
	}
	void := run("void", result.Inconclusive, 7)
	void.Scenarios = void.Scenarios[1:]
	c, err := compare.Runs([]*result.Run{run("a", result.Pass, 50)}, []*result.Run{run("b", result.Fail, 800), void}, compare.Rules{Alpha: 0.05})
	require.NoError(t, err)
	all := OfComparison(&c).Overlays
	require.Len(t, all, 2)
	require.Equal(t, []string{"shop/outage", "shop/calm"}, []string{all[0].Name, all[1].Name})
	require.Equal(t, []bool{true, false}, []bool{all[0].Unfolded, all[1].Unfolded})
	require.Equal(t, "before: a, after: b", all[0].Runs, "what showed nothing is not drawn")
	var titles []string
	for _, f := range all[0].Charts.Figures {
		require.Len(t, f.Paths, 2)
		require.NotEqual(t, f.Paths[0].Style, f.Paths[1].Style)
		titles = append(titles, f.Title)
	}
	require.Equal(t, []string{"shop.latency.p99", "shop.rate.failed", "target.rss"}, titles)
	require.Len(t, all[0].Charts.Figures[0].Limits, 1)
	require.Len(t, all[1].Charts.Figures, 1, "a series of one side alone is not laid over anything")
	require.Empty(t, all[1].Note)

	c.Courses[0].Old.Scenario.Phases = []result.Phase{{Name: result.Baseline, To: 3 * time.Second}}
	require.Contains(t, OfComparison(&c).Overlays[1].Note, "had others")
	c.Courses = nil
	require.Empty(t, OfComparison(&c).Overlaid)
}
