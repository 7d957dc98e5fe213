package reevaluate_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/reevaluate"
)

// A file of the version before, held against its own limits, is what it was.
func TestAnOlderFileByItsOwnLimits(t *testing.T) {
	f, err := os.Open("../../harness/result/testdata/run-1.json")
	require.NoError(t, err)
	run, err := result.Read(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	text := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	var limits reevaluate.Limits
	for _, s := range run.Scenarios {
		require.Nil(t, s.Validity, "that version did not record it")
		for _, c := range s.Checks {
			l := reevaluate.Limit{Metric: c.Metric, Scenario: s.Name, Phase: c.Phase, Limit: text(c.Threshold)}
			if c.Op == "falls_to" {
				l.Limit, l.Within = "", text(c.Threshold)
			}
			if c.Upper != nil {
				l.Upper = text(*c.Upper)
			}
			limits.Limits = append(limits.Limits, l)
		}
	}
	require.NotEmpty(t, limits.Limits)
	again, err := limits.Apply(run, "its own")
	require.NoError(t, err)
	for _, c := range again.Reevaluated.Changes {
		require.Equal(t, c.Was, c.Is, "%s in %s", c.Check, c.Scenario)
	}
	require.Equal(t, run.Verdict, again.Verdict)
}
