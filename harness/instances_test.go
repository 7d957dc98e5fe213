package harness_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

func TestOfTwoInstancesEachIsKilledInTurnAndTheOtherServes(t *testing.T) {
	s := scenario("good")
	s.Instances = 2
	s.Timeline.Inject, s.Timeline.Heal = 2*time.Second, time.Second
	s.Load[0].Profile = load.Constant(100, s.Timeline.Total())
	s.Faults = []harness.Fault{
		{ID: "first", On: harness.OnTarget, Kind: fault.Kill{}},
		{ID: "second", On: harness.OnInstance(2), Kind: fault.Kill{}, After: time.Second},
	}
	var targets []string
	s.Reconcile = func(ctx context.Context, st harness.State) (harness.Reconciliation, error) {
		targets = st.Targets
		require.Equal(t, st.Target, targets[0])
		for _, url := range targets {
			resp, err := http.Get(url + "/")
			require.NoError(t, err, "both are up again")
			_, _ = io.Copy(io.Discard, resp.Body)
			require.NoError(t, resp.Body.Close())
		}
		return harness.Reconciliation{}, nil
	}
	s.Checks = []verdict.Check{
		verdict.Metric("web.ok_ratio").AtLeast(verdict.Percent(98)).Because("no more than what the killed ones had in hand is lost"),
		verdict.Metric("web.errors.refused").Equals(verdict.Count(0)).Because("what one refuses goes to the other"),
		verdict.Metric("target.2.rss.max").Above(verdict.Bytes(0)),
	}
	got := runOne(t, s)
	require.Equal(t, result.Pass, got.Verdict, failing(got))
	require.Len(t, targets, 2)
	require.NotEqual(t, targets[0], targets[1])
	lives := map[int]int{}
	for _, e := range got.Ends {
		lives[e.Instance]++
		require.True(t, e.Expected)
	}
	require.Equal(t, map[int]int{1: 2, 2: 2}, lives)
	require.True(t, slices.ContainsFunc(got.Events, func(a result.Annotation) bool {
		return a.What == "the target.2 was started again and is ready"
	}), "%v", got.Events)
}

// The next kill may come before who was killed is ready again: where the harness was held
// up, both are due at once.
func TestATargetThatIsKilledWhileItStartsIsStartedAgain(t *testing.T) {
	s := scenario("starts late")
	s.Timeline.Inject, s.Timeline.Heal = 1500*time.Millisecond, 500*time.Millisecond
	s.Load[0].Profile = load.Constant(100, s.Timeline.Total())
	s.Faults = []harness.Fault{
		{ID: "first", On: harness.OnTarget, Kind: fault.Kill{}},
		{ID: "second", On: harness.OnTarget, Kind: fault.Kill{}, After: 200 * time.Millisecond},
	}
	s.Checks = []verdict.Check{
		verdict.Metric("web.ok_ratio").In(result.Baseline).AtLeast(verdict.Percent(50)),
		verdict.Metric("web.ok_ratio").In(result.Heal).AtLeast(verdict.Percent(50)),
	}
	got := runOne(t, s)
	require.Equal(t, result.Pass, got.Verdict, failing(got))
	require.Len(t, got.Ends, 3)
	for _, e := range got.Ends {
		require.True(t, e.Expected)
	}
}

func TestAnInstanceThatDiesByItselfFailsTheScenario(t *testing.T) {
	t.Parallel()
	s := scenario("crash")
	s.Instances = 2
	got := runOne(t, s)
	require.Equal(t, result.Fail, got.Verdict)
	require.Contains(t, strings.Join(failing(got), "; "), verdict.UnexpectedEnds)
}

func TestInstancesThatThereAreNotAreRefused(t *testing.T) {
	s := scenario("good")
	s.Instances = 2
	s.Faults = []harness.Fault{{ID: "third", On: harness.OnInstance(3), Kind: fault.Kill{}}}
	require.ErrorContains(t, s.Validate(), `there is no place "target.3"`)
	s.Faults = nil
	s.Instances = -1
	require.ErrorContains(t, s.Validate(), "between 1 and 8 instances")
	s.Instances = 1
	s.Checks = []verdict.Check{verdict.Metric("target.2.rss.max").Above(verdict.Bytes(0))}
	require.ErrorContains(t, s.Validate(), "target.2.rss.max")
}
