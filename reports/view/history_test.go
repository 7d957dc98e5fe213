package view

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/history"
)

// days is a history of one run a day, whose one check came out so.
func days(verdicts ...result.Verdict) *history.History {
	var files []history.File
	for i, v := range verdicts {
		files = append(files, history.File{Path: fmt.Sprintf("d%d/run.json", i), Run: &result.Run{
			ID: fmt.Sprintf("r%d", i), Started: time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC), Complete: true, Profile: "bench", Verdict: v,
			Scenarios: []result.Scenario{{Name: "search/x", Verdict: v, Checks: []result.Check{{
				Metric: "search.failed", Op: "<=", Threshold: 2, Unit: result.UnitCount, Value: ptr(1.0), Verdict: v,
			}}}},
		}})
	}
	h := history.Of(files)
	return &h
}

func TestWhatTheLastRunDid(t *testing.T) {
	const p, f, n = result.Pass, result.Fail, result.NotExercised
	for _, row := range []struct {
		name     string
		verdicts []result.Verdict
		sentence string
		since    string
		broke    string
	}{
		{"one run", []result.Verdict{p}, "The last run, r0, broke nothing that held before.", "", "0 of them broke something"},
		{"it broke", []result.Verdict{p, f}, "The last run, r1, broke search/x: search.failed.", "broke in r1", "1 of them broke something"},
		{"it was broken before", []result.Verdict{p, f, f}, "The last run, r2, broke nothing that held before.", "broke in r1", "1 of them broke something"},
		{"it was mended", []result.Verdict{p, f, p}, "The last run, r2, mended search/x: search.failed.", "mended in r2", "1 of them broke something"},
		{"it showed nothing", []result.Verdict{p, n}, "The last run, r1, broke nothing that held before.", "", "0 of them broke something"},
		{"broken again", []result.Verdict{p, f, n, p, f}, "The last run, r4, broke search/x: search.failed.", "broke in r4", "2 of them broke something"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := OfHistory(days(row.verdicts...))
			last := row.verdicts[len(row.verdicts)-1]
			require.Equal(t, row.sentence, v.Sentence)
			require.Equal(t, last.Label()+" – Holdfast history", v.Title)
			require.Equal(t, row.since, v.Trends[0].Since)
			require.Equal(t, row.broke, spaced(v.Tally[1]))
			require.Len(t, v.Runs, len(row.verdicts))
			require.Equal(t, fmt.Sprintf("r%d", len(row.verdicts)-1), v.Runs[0].ID, "newest first")
		})
	}
}

func TestNoRunIsNoSuccess(t *testing.T) {
	v := OfHistory(days())
	require.Equal(t, []string{"There is no run yet.", string(result.NotExercised)}, []string{v.Sentence, v.Verdict.Class})
	require.Empty(t, v.Trends)
}

// Runs are bounded; what is left out is said, and a check that only those have
// leaves no empty picture behind.
func TestOldRunsAreCountedOnly(t *testing.T) {
	verdicts := make([]result.Verdict, mostRuns+3)
	for i := range verdicts {
		verdicts[i] = result.Pass
	}
	h := days(verdicts...)
	h.Trends = append(h.Trends, history.Trend{Scenario: "search/gone", Points: []history.Point{{Run: 2, Verdict: result.Fail}}})
	v := OfHistory(h)
	require.Len(t, v.Runs, mostRuns)
	require.Equal(t, "3 older runs are not shown.", spaced(v.Older))
	require.Len(t, v.Trends, 1)
	require.Equal(t, "203 runs", spaced(v.Tally[0]))
	require.Equal(t, "search.failed of search/x: 203 runs, failed in 0, last 1", spaced(v.Trends[0].Spark.Label))
}

func TestARunOfAHistoryIsNamed(t *testing.T) {
	h := days(result.Pass)
	h.Runs[0].Partial, h.Runs[0].Version = true, "v1.2"
	h.Unreadable = []history.Unreadable{{Path: "half/run.json", Why: "cut off"}}
	h.Trends[0].Without, h.Trends[0].Profile = "search.sql-limit", ""
	v := OfHistory(h)
	require.Equal(t, "bench, v1.2, d0/run.json, partial", v.Runs[0].About)
	require.Equal(t, "2026-01-01 00:00:00 UTC", spaced(v.Runs[0].Started))
	require.Equal(t, []Pair{{"half/run.json", "cut off"}}, v.Unreadable)
	require.Equal(t, "search/x, without search.sql-limit", v.Trends[0].Scenario)
}

// Only what did not hold is marked on the line.
func TestATrendMarksWhatDidNotHold(t *testing.T) {
	v := OfHistory(days(result.Pass, result.Fail, result.Inconclusive, result.Pass))
	var marks []string
	for _, m := range v.Trends[0].Spark.Marks {
		marks = append(marks, fmt.Sprint(m.Text, m.Bad))
	}
	require.Equal(t, []string{"✕true", "?false"}, marks)
}

// A run with something taken away is meant to fail: the header is that of the last run
// of the service as it is.
func TestTheHeaderOfAHistoryIsTheLastIntactRun(t *testing.T) {
	upper := 9.0
	h := history.History{
		Runs:   []history.Run{{ID: "whole", Verdict: result.Pass}, {ID: "lame", Verdict: result.Fail, Without: "shop.cap"}},
		Trends: []history.Trend{{Scenario: "shop/x", Check: "queue", Unit: result.UnitCount, Points: []history.Point{{Threshold: 1, Upper: &upper, Op: "between", Verdict: result.Pass}}}},
	}
	v := OfHistory(&h)
	require.Equal(t, "PASS – Holdfast history", v.Title)
	require.Contains(t, v.Sentence, "whole")
	require.Equal(t, "without shop.cap", v.Runs[0].About)
	require.Contains(t, v.Trends[0].Limit, "9", "a range has both its ends")
	h.Runs = h.Runs[1:]
	require.Equal(t, "FAIL – Holdfast history", OfHistory(&h).Title)
}

// A report is linked by a path that no browser reads as anything else.
func TestALinkToAReportIsAPath(t *testing.T) {
	for file, want := range map[string]string{
		"": "", "a/report.html": "./a/report.html", "../x y/report.html": "./../x%20y/report.html",
		"javascript:alert(1)/report.html": "./javascript:alert%281%29/report.html", "//evil/report.html": ".///evil/report.html", "a?b#c/report.html": "./a%3Fb%23c/report.html",
	} {
		require.Equal(t, want, linkTo(file))
	}
}

// What was run without a protection is none of the runs that are counted.
func TestRunsWithoutAProtectionAreCountedApart(t *testing.T) {
	run := func(day int, v result.Verdict, without ...string) history.File {
		s := result.Scenario{Name: "shop/outage", Verdict: v, Without: without, Checks: []result.Check{{Metric: "x", Op: "between", Threshold: 1, Upper: ptr(2.0), Value: ptr(1.5), Verdict: v}}}
		return history.File{Report: "r.html", Run: &result.Run{ID: strconv.Itoa(day), Started: time.Unix(int64(day), 0), Complete: true, Verdict: v, Scenarios: []result.Scenario{s}}}
	}
	h := history.Of([]history.File{run(1, result.Pass), run(2, result.Pass, "a"), run(3, result.Fail, "a")})
	v := OfHistory(&h)
	require.Equal(t, "PASS", v.Verdict.Word, "the header is that of the last intact run")
	require.Equal(t, "1\u00a0run", v.Tally[0])
	require.Equal(t, "0\u00a0of them broke something", v.Tally[1])
	require.Contains(t, v.Tally[2], "2\u00a0more runs without")
	require.Equal(t, "./r.html", v.Runs[0].Report)
	require.Equal(t, 2, strings.Count(v.Trends[0].Spark.Limit, "M"), "a range has both its ends")
}
