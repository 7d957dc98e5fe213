package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/history"
)

// nightly is a fortnight of runs: the search breaks in the ninth, is mended in
// the twelfth, and one run in between was not valid.
func nightly(t testing.TB) []history.File {
	var files []history.File
	proto := passingScenario(t, "search/popular-term", 3)
	for i, value := range []float64{380, 395, 401, 388, 412, 405, 399, 420, 611, 640, 0, 470, 455, 449} {
		run := baseRun()
		run.ID = fmt.Sprintf("202601%02d-030405-%04x", i+1, i)
		run.Started = runStarted().AddDate(0, 0, i)
		s := proto
		s.Series, s.Streams, s.Checks = nil, nil, slices.Clone(s.Checks)
		c := &s.Checks[0]
		switch {
		case value == 0:
			c.Value, c.Verdict, c.Samples, s.Verdict = nil, result.NotExercised, 0, result.NotExercised
		case value > 500:
			c.Value, c.Verdict, s.Verdict = &value, result.Fail, result.Fail
		default:
			c.Value = &value
		}
		run.Verdict, run.Scenarios = s.Verdict, []result.Scenario{s}
		files = append(files, history.File{Path: fmt.Sprintf("night-%02d/run.json", i+1), Report: fmt.Sprintf("night-%02d/report.html", i+1), Run: run})
	}
	return append(files, history.File{Path: "night-15/run.json", Err: errors.New("read result: not a run.json: unexpected end of JSON input")})
}

func histories(t testing.TB) map[string]*history.History {
	evil := nightly(t)[6:]
	for i := range evil {
		evil[i].Path, evil[i].Report = hostile, hostile
		if evil[i].Run != nil {
			poison(evil[i].Run, hostile)
		} else {
			evil[i].Err = errors.New(hostile)
		}
	}
	all := map[string]*history.History{}
	for name, files := range map[string][]history.File{"nightly": nightly(t), "hostile": evil, "none": nil} {
		h := history.Of(files)
		all[name] = &h
	}
	return all
}

func TestHistoryGolden(t *testing.T) {
	for name, h := range histories(t) {
		for ext, write := range map[string]func(io.Writer, *history.History) error{"html": HistoryHTML, "md": HistoryMarkdown} {
			t.Run(name+"."+ext, func(t *testing.T) {
				var b bytes.Buffer
				require.NoError(t, write(&b, h))
				golden(t, "history-"+name+"."+ext, b.String())
				require.ErrorIs(t, write(brokenWriter{}, h), io.ErrClosedPipe)
			})
		}
	}
}

func TestTheHistoryMarksTheRunThatBrokeSomething(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, HistoryHTML(&b, histories(t)["nightly"]))
	root := parse(t, b.String())
	rows, bad := 0, ""
	for _, n := range elements(root) {
		if n.Data == "tr" && attr(n, "class") == "bad" {
			rows, bad = rows+1, text(n)
		}
	}
	require.Equal(t, 1, rows)
	require.Contains(t, bad, "20260109-030405-0008")
	require.Contains(t, bad, "broke search/popular-term: search.latency.p99 in inject")
	for _, want := range []string{"night-15/run.json", "mended search/popular-term", "1\u00a0of them broke something", "14\u00a0runs"} {
		require.True(t, strings.Contains(text(root), want), "the page does not say %q", want)
	}
}

func TestAHistoryOfHostileTextStaysText(t *testing.T) {
	h := histories(t)["hostile"]
	var b bytes.Buffer
	require.NoError(t, HistoryHTML(&b, h))
	for _, n := range elements(parse(t, b.String())) {
		require.False(t, slices.Contains([]string{"img", "iframe"}, n.Data) || n.Data == "script" && strings.Contains(text(n), "alert"), n.Data)
	}
	for _, r := range b.String() {
		require.True(t, r == '\n' || r == '\t' || unicode.IsGraphic(r), "%U is in the page as itself", r)
	}
}

// A trend has a bounded number of elements a run, and old runs are let go.
func TestALongHistoryIsBounded(t *testing.T) {
	one := nightly(t)[0]
	var files []history.File
	for i := range 600 {
		run := *one.Run
		run.ID, run.Started = fmt.Sprint(i), runStarted().Add(time.Duration(i)*time.Hour)
		files = append(files, history.File{Path: one.Path, Run: &run})
	}
	h := history.Of(files)
	var b bytes.Buffer
	require.NoError(t, HistoryHTML(&b, &h))
	require.Less(t, b.Len(), 200_000)
	require.True(t, strings.Contains(b.String(), "400\u00a0older runs are not shown."))
}
