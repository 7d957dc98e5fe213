package view

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestAFleetIsTold(t *testing.T) {
	require.Nil(t, fleet(result.Scenario{}))
	number := func(v float64) *float64 { return &v }
	f := fleet(result.Scenario{Fleet: &result.Fleet{
		Schedule: "abc", Broken: "the broker was lost",
		Workers: []result.Worker{
			{Name: "w1", Host: "a", ClockAheadMS: number(300_000), ClockDoubtMS: number(0.5), LostAtS: number(3), Problem: "no network"},
			{Name: "w2", CPUShare: number(0.5)},
		},
		Spans: []result.LaneSpan{
			{Lane: 1, Worker: "w1", ToS: 4, Planned: 100, Sent: 60, Lost: 2, Unknown: 8, Never: 30, Hole: 30, Cut: "it was lost"},
			{Lane: 1, Worker: "w2", FromS: 4, ToS: 10, Planned: 150, Sent: 150},
			{Lane: 2, Cut: "nobody took it"},
		},
	}})
	require.True(t, f.Bad)
	require.Equal(t, "One schedule (abc), sent by 2\u00a0workers; 40 requests are missing or not known, since their worker was lost; the broker was lost.", f.Story)
	require.Equal(t, Worker{Name: "w1", Host: "a", Clock: "300\u00a0000\u00a0ms ± 0.5\u00a0ms", Drift: notMeasured, CPU: notMeasured, Lag: notMeasured, Pause: notMeasured, Story: "lost at " + at(3) + "; no network", Bad: true}, f.Workers[0])
	require.False(t, f.Workers[1].Bad)
	require.Equal(t, "it was lost; 30 were sent by nobody", f.Lanes[0].Story)
	require.Equal(t, []string{"100", "60", "2", "8", "30"}, []string{f.Lanes[0].Planned, f.Lanes[0].Sent, f.Lanes[0].Lost, f.Lanes[0].Unknown, f.Lanes[0].Never})
	require.False(t, f.Lanes[1].Bad)
	require.Equal(t, "nobody", f.Lanes[2].Worker)
}
