package reports

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestFailedChecksAreAnnotated(t *testing.T) {
	got := draw(t, Annotations, mixedRun(t))
	golden(t, "mixed.annotations", got)
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	require.True(t, strings.HasPrefix(lines[0], "::error title=✕ FAIL search/popular-term%3A process.rss.max in inject::process.rss.max was 187 MB"), lines[0])
	require.Contains(t, got, "::warning title=? INCONCLUSIVE oracle/hundred-active%3A load.delivered::")
	require.Contains(t, got, "%0ARepeat: holdfast run ")
	require.Empty(t, draw(t, Annotations, passedRun(t)), "a run that passed needs none")
	require.Contains(t, draw(t, Annotations, partialRun(t)), "::warning title=? INCONCLUSIVE task/outage::could not be carried out")
	require.Contains(t, draw(t, Annotations, &result.Run{Complete: true}), "::warning title=? INCONCLUSIVE Holdfast::No scenario was run")
}

// Text that would be a command of its own is a part of ours.
func TestNoTextBecomesACommand(t *testing.T) {
	run := mixedRun(t)
	poison(run, "x\n::add-mask::y\r\n::stop-commands::z %0A::error::q,title=w")
	for _, line := range strings.Split(strings.TrimSuffix(draw(t, Annotations, run), "\n"), "\n") {
		require.Regexp(t, `^::(error|warning) title=[^:,]*::`, line)
		require.NotContains(t, line, "\r")
		require.Contains(t, line, "%250A", "what looks escaped was escaped")
	}
}

func TestAnnotationsAreBounded(t *testing.T) {
	run := mixedRun(t)
	for range 100 {
		run.Scenarios[1].Checks = append(run.Scenarios[1].Checks, run.Scenarios[1].Checks[0])
	}
	require.Equal(t, mostAnnotations+1, strings.Count(draw(t, Annotations, run), "\n"))
}
