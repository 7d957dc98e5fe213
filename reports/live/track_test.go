package live

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

// Rates over their times add up to what was counted, however far apart the looks
// at it were, and every series goes forward in time.
func TestRatesAddUpToCounts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := newTrack()
		var at time.Duration
		var sent, ok int64
		for range rapid.IntRange(1, 20).Draw(rt, "looks") {
			at += time.Duration(rapid.Int64Range(1, int64(3*time.Second)).Draw(rt, "after"))
			sent += rapid.Int64Range(0, 1000).Draw(rt, "sent")
			ok += rapid.Int64Range(0, 1000).Draw(rt, "ok")
			k.add(Moment{At: at, Streams: []Stream{{Name: "web", Planned: sent, Sent: sent, OK: ok}, {Name: "other"}}})
		}
		for name, want := range map[string]int64{"web.rate.sent": sent, "web.rate.ok": ok, "web.rate.failed": 0, "other.rate.sent": 0} {
			s, sum, before := k.series[name], 0.0, 0.0
			for i := range s.T {
				require.Greater(rt, s.T[i], before)
				sum += s.V[i] * (s.T[i] - before)
				before = s.T[i]
			}
			require.InDelta(rt, float64(want), sum, 1e-3, name)
		}
	})
}

func TestOfALongScenarioTheEndIsKept(t *testing.T) {
	k := newTrack()
	for i := range mostTicks + 5 {
		k.add(Moment{At: time.Duration(i+1) * time.Millisecond, RSSBytes: float64(i + 1)})
	}
	s := k.series["target.rss"]
	require.Len(t, s.T, mostTicks)
	require.Len(t, s.V, mostTicks)
	require.EqualValues(t, 6, s.V[0])
	require.EqualValues(t, mostTicks+5, s.V[mostTicks-1])
}

func TestWhatIsNotKnownIsNoPoint(t *testing.T) {
	k := newTrack()
	k.add(Moment{At: time.Second, Streams: []Stream{{Name: "web"}}})
	k.add(Moment{At: time.Second, Streams: []Stream{{Name: "web", Sent: 5}}})
	require.NotContains(t, k.series, "target.rss", "a memory that nobody read is not 0")
	require.NotContains(t, k.series, "web.latency.p99", "nor is a latency")
	require.Len(t, k.series["web.rate.sent"].T, 1, "in no time there is no rate")
}

// The series go to the scenario that goes on: of two runs of one name the last,
// and never to one that has its own.
func TestWhoGetsTheSeries(t *testing.T) {
	own := []result.Series{{Name: "its own"}}
	for _, row := range []struct {
		name      string
		scenarios []result.Scenario
		want      int // -1: none
	}{
		{"the only one", []result.Scenario{{Name: "a"}}, 0},
		{"one that was judged", []result.Scenario{{Name: "a", Verdict: result.Pass}}, -1},
		{"the later of two", []result.Scenario{{Name: "a"}, {Name: "a"}}, 1},
		{"the one that goes on", []result.Scenario{{Name: "a", Verdict: result.Fail}, {Name: "b"}, {Name: "a"}}, 2},
		{"one with its own", []result.Scenario{{Name: "a", Series: own}}, -1},
		{"another", []result.Scenario{{Name: "b"}}, -1},
		{"nobody", nil, -1},
	} {
		t.Run(row.name, func(t *testing.T) {
			k := newTrack()
			k.add(Moment{At: time.Second, Streams: []Stream{{Name: "web"}}, RSSBytes: 1})
			run := &result.Run{Scenarios: row.scenarios}
			k.put(run, "a")
			for i, s := range run.Scenarios {
				got := len(s.Series) > 1
				require.Equal(t, i == row.want, got, "scenario %d", i)
			}
		})
	}
}
