package oracle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/scenarios/contract/reference"
)

// Each trouble has a part of the inject phase to itself.
func TestTroublesFollowEachOther(t *testing.T) {
	for _, name := range []string{"smoke", "bench"} {
		s := databaseTrouble(named(t, name), over(reference.Impact(100)))
		require.Len(t, s.Faults, 11)
		for i, f := range s.Faults {
			require.Equal(t, s.Faults[0].For, f.For)
			if i > 0 {
				require.Less(t, s.Faults[i-1].After+s.Faults[i-1].For, f.After)
			}
		}
		last := s.Faults[len(s.Faults)-1]
		require.LessOrEqual(t, last.After+last.For, s.Timeline.Length(result.Inject))
	}
}
