package result_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestAProvenCheckIsFoundByWhatItAsks(t *testing.T) {
	proven := result.ProvenChecks{}
	tight := result.Check{Metric: "search.latency.p99", Phase: result.Inject, Op: "<=", Threshold: 300}
	proven.Add("search/x", tight.Key(), result.ProvenFailure{Without: "search.sql-limit", At: "2026-01-31"})
	proven.Add("search/x", tight.Key(), result.ProvenFailure{Without: "search.other", At: "2026-02-01"})
	loose := tight
	loose.Threshold = 900
	require.Equal(t, "search.sql-limit", proven.Of("search/x", loose).Without, "the limit differs between profiles, and the first failure stays")
	for name, c := range map[string]result.Check{
		"another metric": {Metric: "search.latency.p50", Phase: result.Inject, Op: "<="},
		"another phase":  {Metric: "search.latency.p99", Op: "<="},
		"another sign":   {Metric: "search.latency.p99", Phase: result.Inject, Op: ">="},
	} {
		require.Nil(t, proven.Of("search/x", c), name)
	}
	require.Nil(t, proven.Of("search/y", tight), "another scenario")
	standing := result.Check{Metric: "standing.left", Op: "==", Standing: true}
	proven.Add("search/x", standing.Key(), result.ProvenFailure{Without: "search.leak", At: "2026-02-02"})
	require.Equal(t, "search.leak", proven.Of("search/y", standing).Without, "a standing check is the same in each")
	more := result.ProvenChecks{}
	more.Add("search/x", tight.Key(), result.ProvenFailure{Without: "search.new", At: "2026-03-01"})
	more.AddAll(proven)
	require.Equal(t, "search.new", more.Of("search/x", tight).Without, "what was there stays")
	require.Equal(t, "search.leak", more.Of("search/x", standing).Without)
	require.Equal(t, "task.lost in all ==", result.Check{Metric: "task.lost", Op: "=="}.Key())
}

func TestProvenChecksAreReadAsTheyWereWritten(t *testing.T) {
	proven := result.ProvenChecks{"b": {"m in all <=": {Without: "<p>", At: "2026-01-31"}}, "a": {"n in all ==": {Without: "q", At: "2026-01-30"}}}
	var file bytes.Buffer
	require.NoError(t, result.WriteProvenChecks(&file, proven))
	require.Less(t, strings.Index(file.String(), `"a"`), strings.Index(file.String(), `"b"`), "sorted")
	require.Contains(t, file.String(), "<p>", "text is written as it is")
	got, err := result.ReadProvenChecks(&file)
	require.NoError(t, err)
	require.Equal(t, proven, got)
	_, err = result.ReadProvenChecks(strings.NewReader("["))
	require.ErrorContains(t, err, "read which checks were seen to fail")
}

func FuzzReadProvenChecks(f *testing.F) {
	f.Add(`{"search/x": {"m in all <=": {"without": "p", "at": "2026-01-31"}}}`)
	f.Add(`{"search/x": null}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := result.ReadProvenChecks(strings.NewReader(text))
		if err != nil {
			return
		}
		var file bytes.Buffer
		require.NoError(t, result.WriteProvenChecks(&file, got))
		again, err := result.ReadProvenChecks(&file)
		require.NoError(t, err)
		require.Len(t, again, len(got))
		require.Nil(t, got.Of("nobody", result.Check{}))
	})
}
