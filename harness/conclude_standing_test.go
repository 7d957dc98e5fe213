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
