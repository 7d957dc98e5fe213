package history_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/history"
)

func file(day int, checks ...result.Check) history.File {
	return history.File{Path: "x/run.json", Run: &result.Run{
		ID: time.Unix(0, 0).AddDate(0, 0, day).UTC().Format("20060102"), Started: time.Unix(0, 0).AddDate(0, 0, day), Complete: true, Profile: "bench",
		Scenarios: []result.Scenario{{Name: "search/x", Checks: checks}},
	}}
}

func check(metric string, v result.Verdict) result.Check {
	value := 1.0
	return result.Check{Metric: metric, Op: "<=", Threshold: 2, Value: &value, Verdict: v}
}

func TestARunThatBrokeSomethingIsMarked(t *testing.T) {
	h := history.Of([]history.File{
		file(3, check("a", result.Fail), check("b", result.Pass)),
		file(1, check("a", result.Pass), check("b", result.Pass)),
		file(2, check("a", result.NotExercised), check("b", result.Pass)),
		file(4, check("a", result.Fail), check("b", result.Pass)),
		file(5, check("a", result.Pass), check("b", result.Pass)),
		{Path: "half/run.json", Err: errors.New("not a run.json")},
	})
	require.Equal(t, []history.Unreadable{{Path: "half/run.json", Why: "not a run.json"}}, h.Unreadable)
	var broke, mended [][]string
	for i, r := range h.Runs {
		broke, mended = append(broke, r.Broke), append(mended, r.Mended)
		if i > 0 {
			require.True(t, h.Runs[i-1].Started.Before(r.Started), "oldest first")
		}
	}
	require.Equal(t, [][]string{nil, nil, {"search/x: a"}, nil, nil}, broke, "broken once, against the last run that judged it")
	require.Equal(t, [][]string{nil, nil, nil, nil, {"search/x: a"}}, mended)
	require.Len(t, h.Trends, 2)
	require.Equal(t, "a", h.Trends[0].Check, "what failed once comes before what never did")
	require.Len(t, h.Trends[0].Points, 5)
}

// Runs of another profile, or without a protection, are other experiments: they
// break nothing.
func TestOnlyTheSameExperimentIsFollowed(t *testing.T) {
	mutant, smoke := file(2, check("a", result.Fail)), file(3, check("a", result.Fail))
	mutant.Run.Scenarios[0].Without = []string{"search.sql-limit"}
	smoke.Run.Profile = "smoke"
	h := history.Of([]history.File{file(1, check("a", result.Pass)), mutant, smoke})
	require.Len(t, h.Trends, 3)
	for _, r := range h.Runs {
		require.Empty(t, r.Broke)
	}
	require.Equal(t, "smoke", h.Trends[0].Profile, "what fails now comes first")
	require.Equal(t, "search.sql-limit", h.Trends[2].Without, "what is meant to fail comes last")
	require.Equal(t, []string{"", "search.sql-limit", ""}, []string{h.Runs[0].Without, h.Runs[1].Without, h.Runs[2].Without})
}

func TestTwoChecksOfOneMetricAreTwoTrends(t *testing.T) {
	h := history.Of([]history.File{file(1, check("a", result.Pass), check("a", result.Fail)), file(2, check("a", result.Pass), check("a", result.Fail))})
	require.Len(t, h.Trends, 2)
	require.Empty(t, h.Runs[1].Broke)
}

func TestNoFilesAreNoHistory(t *testing.T) {
	require.Empty(t, history.Of(nil).Runs)
}
