package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
)

// Who was waited for as long as it takes is not excused by neighbours that left it room;
// by those that did not, and where the look was short, it is.
func TestWhatIsLeftIsNotANeighboursThatLeftRoom(t *testing.T) {
	for name, c := range map[string]struct {
		looked time.Duration
		roomy  bool
		want   result.Verdict
	}{
		"room, and five seconds":    {5 * time.Second, true, result.Fail},
		"no room":                   {5 * time.Second, false, result.Inconclusive},
		"room, and a moment's look": {time.Second, true, result.Inconclusive},
	} {
		f := standing.Finding{Check: "left", Looked: 9, Broken: 1, From: 2 * time.Second, To: 2*time.Second + c.looked}
		checks := standingOf(&LoadSeen{Standing: []standing.Finding{f}}, result.Validity{
			Disturbances: []result.Disturbance{{FromS: 0, ToS: 10, Cause: "other processes", Roomy: c.roomy}},
		})
		require.Equal(t, c.want, checks[0].Verdict, name)
	}
}

// What is decided by a time of day is excused by a clock that was moved, by nothing else,
// and only where all that is broken is.
func TestATimeOfDayIsExcusedByTheClockAlone(t *testing.T) {
	for name, c := range map[string]struct {
		byClock int64
		moved   bool
		want    result.Verdict
	}{
		"a clock that was moved":               {2, true, result.Inconclusive},
		"other processes":                      {2, false, result.Fail},
		"one of the two is no matter of clock": {1, true, result.Fail},
		"neither is":                           {0, true, result.Fail},
	} {
		f := standing.Finding{Check: "queue", Looked: 9, Broken: 2, ByClock: c.byClock}
		checks := standingOf(&LoadSeen{Standing: []standing.Finding{f}}, result.Validity{
			Disturbances: []result.Disturbance{{FromS: 1, ToS: 3, Cause: "what was there", Clock: c.moved}},
		})
		require.Equal(t, c.want, checks[0].Verdict, name)
	}
}
