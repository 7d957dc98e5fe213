package reports

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/view"
)

func TestALivePageSaysThatItGoesOn(t *testing.T) {
	now := view.Now{Sentence: hostile, Going: []view.Going{{Scenario: "oracle/one-hangs", Faults: []view.FaultOn{{Name: hostile, FromS: 1, ToS: 3, On: true}}}}, Failed: 7}
	write := func(w io.Writer, run *result.Run) error { return LiveHTML(w, run, now) }
	root := parse(t, draw(t, write, partialRun(t)))
	page := text(root)
	for _, want := range []string{"… RUNNING", "not judged yet", "being written", "The run is going on.", "(on now)", "Failed 7", "Not sent (shed) 0"} {
		require.True(t, strings.Contains(page, want), "the page does not say %q", want)
	}
	require.False(t, strings.Contains(page, "NO VERDICT"))
	require.False(t, strings.Contains(page, "did not reach its end"))
	for _, n := range elements(root) {
		require.NotEqual(t, "img", n.Data)
	}
	// A failure is proven, whatever comes.
	run := mixedRun(t)
	run.Complete, run.Verdict = false, ""
	require.True(t, strings.Contains(draw(t, write, run), "<title>FAIL"))
}
