package view

import (
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/chart"
	"holdfast.dev/holdfast/reports/history"
	"holdfast.dev/holdfast/reports/visible"
)

// mostRuns bounds the runs that are drawn; trends begin with the oldest of them.
const mostRuns = 200

// History is all that is shown of many runs on one line of time.
type History struct {
	Title      string
	Verdict    Badge
	Sentence   string
	Tally      []string
	Unreadable []Pair
	Runs       []HistoryRun // newest first
	Older      string
	Trends     []HistoryTrend
}

// HistoryRun is one run of them.
type HistoryRun struct {
	Started, ID, About string
	Verdict            Badge
	Broke, Mended      []string
}

// HistoryTrend is how one check went from run to run.
type HistoryTrend struct {
	Verdict                             Badge
	Name, Scenario, Value, Limit, Since string
	Spark                               chart.Spark
}

// OfHistory derives the view of a history, with its pictures.
func OfHistory(h *history.History) History { return newHistory(visible.Copy(h)) }

func newHistory(h *history.History) History {
	p := History{Title: "Holdfast history", Verdict: badgeOf(result.NotExercised), Sentence: "There is no run yet."}
	for _, u := range h.Unreadable {
		p.Unreadable = append(p.Unreadable, Pair{u.Path, u.Why})
	}
	broke := 0
	for _, r := range h.Runs {
		if len(r.Broke) > 0 {
			broke++
		}
	}
	first := max(len(h.Runs)-mostRuns, 0)
	if first > 0 {
		p.Older = Plural(first, "older run is", "older runs are") + " not shown."
	}
	for _, r := range slices.Backward(h.Runs[first:]) {
		p.Runs = append(p.Runs, newHistoryRun(r))
	}
	if n := len(h.Runs); n > 0 {
		last := h.Runs[n-1]
		p.Verdict = badgeOf(last.Verdict)
		p.Title = last.Verdict.Label() + " – Holdfast history"
		p.Sentence = sentenceOf(last)
	}
	p.Tally = []string{Plural(len(h.Runs), "run", "runs"), Plural(broke, "of them broke something", "of them broke something")}
	for _, t := range h.Trends {
		if row, ok := newHistoryTrend(t, h.Runs, first); ok {
			p.Trends = append(p.Trends, row)
		}
	}
	return p
}

func sentenceOf(last history.Run) string {
	switch {
	case len(last.Broke) > 0:
		return "The last run, " + last.ID + ", broke " + strings.Join(last.Broke, "; ") + "."
	case len(last.Mended) > 0:
		return "The last run, " + last.ID + ", mended " + strings.Join(last.Mended, "; ") + "."
	default:
		return "The last run, " + last.ID + ", broke nothing that held before."
	}
}

func newHistoryRun(r history.Run) HistoryRun {
	row := HistoryRun{Started: moment(r.Started), ID: r.ID, Verdict: badgeOf(r.Verdict), Broke: r.Broke, Mended: r.Mended}
	about := []string{r.Profile, r.Version, r.Path}
	if r.Partial {
		about = append(about, "partial")
	}
	row.About = strings.Join(slices.DeleteFunc(about, func(s string) bool { return s == "" }), ", ")
	return row
}

func newHistoryTrend(t history.Trend, runs []history.Run, first int) (HistoryTrend, bool) {
	last := t.Last()
	row := HistoryTrend{
		Verdict: badgeOf(last.Verdict), Name: t.Check, Scenario: t.Scenario, Value: optional(last.Value, t.Unit),
	}
	row.Limit = verdict.LimitText(result.Check{Op: last.Op, Threshold: last.Threshold, Unit: t.Unit, Value: last.Value})
	for _, about := range []struct{ word, value string }{{"profile", t.Profile}, {"without", t.Without}} {
		if about.value != "" {
			row.Scenario += ", " + about.word + " " + about.value
		}
	}
	drawing := chart.Trend{Runs: len(runs) - first, Unit: t.Unit}
	fails := 0
	for _, p := range t.Points {
		if p.Broke {
			row.Since = "broke in " + runs[p.Run].ID
		}
		if p.Mended {
			row.Since = "mended in " + runs[p.Run].ID
		}
		if p.Verdict == result.Fail {
			fails++
		}
		if p.Run < first {
			continue
		}
		point := chart.TrendPoint{At: p.Run - first, Value: p.Value, Limit: p.Threshold}
		if p.Verdict != result.Pass {
			point.Mark, point.Bad = p.Verdict.Mark(), p.Verdict == result.Fail
		}
		drawing.Points = append(drawing.Points, point)
	}
	if len(drawing.Points) == 0 {
		return HistoryTrend{}, false // only older runs have it
	}
	drawing.Label = fmt.Sprintf("%s of %s: %s, failed in %s, last %s", t.Check, t.Scenario, Plural(len(t.Points), "run", "runs"), count(int64(fails)), row.Value)
	row.Spark = drawing.Draw()
	return row, true
}
