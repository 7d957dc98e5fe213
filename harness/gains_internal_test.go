package harness

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// What a machine that is busy kept from being done in time is no promise that was broken.
func TestWhatIsMissedAfterIsExcusedAsInARun(t *testing.T) {
	const why = "tasks.unfinished was 882, limit = 0; but this can't be held against the target: other processes used 95 % of the machine's processors"
	out := result.Scenario{Checks: []result.Check{
		{Metric: "mail.retries", Verdict: result.Fail, Reason: "mail.retries was 3, limit = 0"},
		{Metric: "tasks.unfinished", Verdict: result.Inconclusive, Reason: why},
	}}
	require.Equal(t, why, excused(out, "tasks.unfinished"))
	require.Empty(t, excused(out, "mail.retries"))
	require.Empty(t, excused(out, "mail.calls"))
}

// A gain that no run shows is none, unless something else is to blame in each.
func TestOneExcuseIsNoneForTheOtherRuns(t *testing.T) {
	for _, row := range []struct {
		after   []float64
		excuses []string
		want    result.Verdict
	}{
		{[]float64{90, 90, 90}, []string{"", "", ""}, result.Fail},
		{[]float64{90, 90, 90}, []string{"a neighbour", "", ""}, result.Fail},
		{[]float64{90, 90, 90}, []string{"a neighbour", "another", "a third"}, result.Inconclusive},
		{[]float64{40, 40, 40}, []string{"a neighbour", "", ""}, result.Pass},
		{nil, nil, result.Inconclusive},
	} {
		g := result.Gain{Promised: 0.5, BeforeAll: []float64{100, 100, 100}, AfterAll: row.after}
		g.Conclude()
		excuse(&g, row.excuses)
		require.Equal(t, row.want, g.Verdict, "%v: %s", row.excuses, g.Reason)
	}
}
