package reports

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// Gains have claims and no scenarios; a proof that was cut short has failed all
// the same where a mutant was missed.
func TestClaimsAndDetectionsCountInTheVerdict(t *testing.T) {
	held := &result.Run{Complete: true, Verdict: result.Pass, Gains: []result.Gain{{Name: "a", Verdict: result.Pass}}}
	require.Equal(t, result.Pass, verdictOf(held))
	require.Contains(t, sentence(held, nil), "holds")
	require.Equal(t, result.Fail, verdictOf(&result.Run{Detections: []result.Detection{{Without: "a", Verdict: result.Fail}}}))
	require.Equal(t, result.NotExercised, verdictOf(&result.Run{Complete: true, Verdict: result.Pass}))
}
