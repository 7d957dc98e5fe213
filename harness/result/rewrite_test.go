package result_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"holdfast.dev/holdfast/harness/result"
)

// drawnRun is a run with text in all kinds of places.
func drawnRun(rt *rapid.T) *result.Run {
	text := rapid.StringMatching(`[a-z é]{0,8}`)
	facts := rapid.MapOfN(text, text, 0, 3)
	run := &result.Run{
		Schema: result.Schema, ID: text.Draw(rt, "id"), Started: time.Unix(rapid.Int64Range(0, 1e9).Draw(rt, "started"), 0).UTC(), Reason: text.Draw(rt, "reason"),
		Environment: result.Environment{OS: text.Draw(rt, "os"), Versions: facts.Draw(rt, "versions")},
		Gains:       []result.Gain{{Name: text.Draw(rt, "gain"), Where: facts.Draw(rt, "where"), Before: ptr(rapid.Float64().Draw(rt, "before"))}},
	}
	for range rapid.IntRange(0, 3).Draw(rt, "scenarios") {
		run.Scenarios = append(run.Scenarios, result.Scenario{
			Name: text.Draw(rt, "name"), Settings: facts.Draw(rt, "settings"), Log: rapid.SliceOfN(text, 0, 3).Draw(rt, "log"),
			Checks: []result.Check{{Metric: text.Draw(rt, "metric"), Value: ptr(1.5), Verdict: result.Pass}},
			Series: []result.Series{{Name: text.Draw(rt, "series"), T: []float64{1, 2}, V: []float64{3, 4}}},
			Ends:   []result.End{{Signal: text.Draw(rt, "signal"), ExitCode: ptr(2)}},
		})
	}
	return run
}

func asJSON(t require.TestingT, run *result.Run) string {
	data, err := json.Marshal(run)
	require.NoError(t, err)
	return string(data)
}

// A copy in which nothing is rewritten is the same; one in which everything is
// holds nothing of the old text, wherever it stood; and what was copied stays as it is.
func TestEveryTextOfARunIsRewritten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		run := drawnRun(rt)
		before := asJSON(rt, run)
		same := result.Rewritten(run, func(s string) string { return s })
		require.Equal(rt, before, asJSON(rt, same))

		marked := result.Rewritten(run, func(s string) string { return s + "\u2021" })
		require.Equal(rt, before, asJSON(rt, run), "what was copied stays as it is")
		back := result.Rewritten(marked, func(s string) string {
			require.True(rt, strings.HasSuffix(s, "\u2021"), "%q was left out", s)
			return strings.TrimSuffix(s, "\u2021")
		})
		require.Equal(rt, before, asJSON(rt, back))
		keys := []map[string]string{marked.Environment.Versions, marked.Gains[0].Where}
		for _, s := range marked.Scenarios {
			keys = append(keys, s.Settings)
		}
		for _, facts := range keys {
			for key := range facts {
				require.True(rt, strings.HasSuffix(key, "\u2021"), "the key %q was left out", key)
			}
		}

		for i := range same.Scenarios { // nothing but numbers is shared
			same.Scenarios[i].Checks[0].Metric, *same.Scenarios[i].Checks[0].Value = "changed", 99
			*same.Scenarios[i].Ends[0].ExitCode = 99
			same.Scenarios[i].Settings["changed"] = "changed"
		}
		require.Equal(rt, before, asJSON(rt, run))
	})
}
