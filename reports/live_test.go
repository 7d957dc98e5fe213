package reports

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestALivePageSaysThatItGoesOn(t *testing.T) {
	write := func(w io.Writer, run *result.Run) error { return LiveHTML(w, run, hostile) }
	root := parse(t, draw(t, write, partialRun(t)))
	page := text(root)
	for _, want := range []string{"… RUNNING", "not judged yet", "being written", "The run is going on."} {
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
