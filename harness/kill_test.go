package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestGlobsOfReasons(t *testing.T) {
	for _, row := range []struct {
		globs        []string
		metric, name string
		want         bool
	}{
		{nil, "anything", "", true},
		{[]string{"search.wrong"}, "search.wrong", "", true},
		{[]string{"search.wrong"}, "research.wrong", "", false},
		{[]string{"search.wrong"}, "search.wrongs", "", false},
		{[]string{"*.latency*"}, "search.latency.p99", "", true},
		{[]string{"standing: *"}, "x", "standing: nothing told/anywhere", true},
		{[]string{"a.b"}, "aXb", "", false},
		{[]string{"none", "*.ok"}, "web.ok", "", true},
	} {
		require.Equal(t, row.want, matchesAny(row.globs, result.Check{Metric: row.metric, Name: row.name}), "%v %s", row.globs, row.metric)
	}
}

// A kill for a reason that fits is kept, whatever else fails before and after.
func TestAFittingKillIsKept(t *testing.T) {
	out := func(name string, failed ...string) result.Scenario {
		s := result.Scenario{Name: name, Phases: []result.Phase{{}}}
		for _, metric := range failed {
			s.Checks = append(s.Checks, result.Check{Name: metric, Metric: metric, Verdict: result.Fail, Reason: metric + " is past its limit"})
		}
		return s
	}
	k := kill{mutant: Mutant{Name: "m", Reasons: []string{"*.wrong"}}}
	k.by(out("a/1", "x.slow"))
	require.Equal(t, result.OutcomeOtherReason, k.detection().Outcome)
	k.by(out("a/2", "x.slow", "x.wrong"))
	require.True(t, k.fits())
	k.by(out("a/3", "y.slow"))
	d := k.detection()
	require.Equal(t, result.OutcomeCaught, d.Outcome)
	require.Equal(t, "x.wrong", d.Check)
	require.Equal(t, "a/2", d.Expected)
	require.Equal(t, []string{"a/1", "a/2", "a/3"}, d.CaughtBy)
	require.Equal(t, "m", d.Without)
}

// Scenarios of the mutant's own service, the most worthwhile first; all of them where
// there are none.
func TestTheOrderOfScenarios(t *testing.T) {
	scenario := func(name string, seconds int) Scenario {
		return Scenario{Name: name, Timeline: Timeline{Baseline: time.Duration(seconds) * time.Second}}
	}
	all := []Scenario{scenario("a/long", 20), scenario("a/short", 1), scenario("b/short", 2)}
	names := func(known []result.Detection, service string) (names []string) {
		t := trials{Mutation: Mutation{Scenarios: all}, kills: killsOf(all, known)}
		for _, s := range t.inOrder(Mutant{Service: service}) {
			names = append(names, s.Name)
		}
		return names
	}
	require.Equal(t, []string{"a/short", "a/long"}, names(nil, "a"))
	require.Equal(t, []string{"a/short", "b/short", "a/long"}, names(nil, "shared"))
	trials := trials{Mutation: Mutation{Scenarios: all}, kills: killsOf(all, nil)}
	for range 20 {
		trials.kills["a/short"].tried(result.Scenario{DurationS: 3})
	}
	require.Equal(t, "a/long", trials.inOrder(Mutant{Service: "a"})[0].Name, "what never kills is tried later and later")
}
