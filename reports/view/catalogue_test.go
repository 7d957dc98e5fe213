package view_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/view"
	"holdfast.dev/holdfast/scenarios"
)

// A check leads to a word only where that says what its metric is: of all metrics of the
// catalogue, by what they say of themselves.
func TestMetricsLeadToWordsThatSayWhatTheyAre(t *testing.T) {
	says := map[string]string{
		"latency": "of the time from when a request was due until it was answered or given up", "failed": "requests that were neither answered as expected nor refused",
		"unexpected end": "and no fault had ended it", "refused in order": "", "in flight": "", "memory": "",
	}
	met := map[string]bool{}
	smoke, err := scenarios.ProfileByName("smoke")
	require.NoError(t, err)
	for _, s := range scenarios.Catalogue(smoke) {
		tried := result.Scenario{Name: s.Name, Verdict: result.Pass}
		for _, stream := range s.Load {
			for _, part := range stream.Parts() {
				tried.Streams = append(tried.Streams, result.Stream{Name: part.Name})
			}
		}
		about := map[string]string{}
		for _, d := range s.Metrics() {
			about[d.Name] = d.About
			tried.Checks = append(tried.Checks, result.Check{Name: d.Name, Metric: d.Name, Unit: d.Unit, Verdict: result.Pass})
		}
		v := view.Of(&result.Run{Scenarios: []result.Scenario{tried}})
		terms := map[string]string{}
		for _, w := range v.Words {
			terms[w.ID] = w.Term
		}
		require.NotEmpty(t, v.Scenarios[0].Passed)
		for _, c := range v.Scenarios[0].Passed {
			if c.Word == "" {
				continue
			}
			term := terms[c.Word]
			require.Contains(t, says, term, c.Sentence)
			met[term] = true
			if about[c.Sentence] != "over time" && about[c.Sentence] != "the largest value over time" {
				require.Contains(t, about[c.Sentence], says[term], "%s is explained by %q", c.Sentence, term)
			}
			require.False(t, strings.HasPrefix(c.Sentence, "ledger.") || strings.HasPrefix(c.Sentence, "harness."), c.Sentence)
			require.Equal(t, term == "memory", strings.Contains(c.Sentence, ".rss"), c.Sentence)
		}
	}
	require.Len(t, met, len(says), "each is met")
}
