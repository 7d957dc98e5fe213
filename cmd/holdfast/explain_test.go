package main

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios"
)

func TestExplain(t *testing.T) {
	p, err := scenarios.ProfileByName("smoke")
	require.NoError(t, err)
	s := subject{scenarios: scenarios.Catalogue(p), protections: scenarios.Protections()}
	known := wordsOf(s)
	for _, row := range []struct {
		asked string
		says  []string
	}{
		{"inconclusive", []string{"inconclusive, a verdict: ", "experiment"}},
		{"NOT-EXERCISED", []string{"not-exercised, a verdict: "}},
		{"search.sql-limit", []string{"a protection: ", "MAX_SEARCH_RESULTS=0 takes it away; by default it is ", "proved by search/popular-term: "}},
		{"delay", []string{"a fault: delay TIME", "delay 200ms: what is answered comes that much later. Stands for a slow dependency"}},
		{"standing: answers", []string{"answers, a standing check: "}},
		{"target.rss_peak.max", []string{"a metric: ", "in bytes", "checked by search/popular-term: "}},
		{"target.rss_peak.max < 100 MB", []string{"target.rss_peak.max, a metric"}},
		{"search.latency.p99 in inject", []string{"search.latency.p99, a metric: "}},
	} {
		var out bytes.Buffer
		require.NoError(t, explain(&out, known, row.asked), row.asked)
		for _, want := range row.says {
			require.Contains(t, out.String(), want, row.asked)
		}
	}
	err = explain(&bytes.Buffer{}, known, "search.sql-limt")
	require.EqualError(t, err, "nothing is called search.sql-limt, did you mean search.sql-limit?")
	var coded *exitError
	require.True(t, errors.As(err, &coded))
	require.Equal(t, exitUsage, coded.code)

	for _, v := range result.Verdicts() {
		require.NotEmpty(t, v.About())
		require.NotEmpty(t, known[string(v)])
	}
	for _, row := range fault.Catalogue() {
		require.NotEmpty(t, known[row.Name], row.Name)
	}
	for _, c := range standing.All() {
		require.NotEmpty(t, known[c.Name], c.Name)
	}
	for _, s := range s.scenarios {
		for _, c := range s.Checks {
			require.NotEmpty(t, known[c.Metric], "%s in %s", c.Metric, s.Name)
		}
	}
}
