package view

import (
	"fmt"
	"net/url"
	"path/filepath"
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
	Report             string // a link to its report, or empty
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
	broke, without := 0, 0
	for _, r := range h.Runs {
		switch {
		case r.Without != "":
			without++
		case len(r.Broke) > 0:
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
	if len(h.Runs) > 0 {
		last := lastIntact(h.Runs)
		p.Verdict = badgeOf(last.Verdict)
		p.Title = last.Verdict.Label() + " – Holdfast history"
		p.Sentence = sentenceOf(last)
	}
	p.Tally = []string{Plural(len(h.Runs)-without, "run", "runs"), Plural(broke, "of them broke something", "of them broke something")}
	if without > 0 {
		p.Tally = append(p.Tally, Plural(without, "more run without a protection, which is none of the service as it is", "more runs without a protection, which are none of the service as it is"))
	}
	for _, t := range h.Trends {
		if row, ok := newHistoryTrend(t, h.Runs, first); ok {
			p.Trends = append(p.Trends, row)
		}
	}
	return p
}

// lastIntact is the last run of the service as it is; where there is none, the last.
func lastIntact(runs []history.Run) history.Run {
	for _, r := range slices.Backward(runs) {
		if r.Without == "" {
			return r
		}
	}
	return runs[len(runs)-1]
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
	row := HistoryRun{Started: moment(r.Started), ID: r.ID, Report: linkTo(r.Report), Verdict: badgeOf(r.Verdict), Broke: r.Broke, Mended: r.Mended}
	about := []string{r.Profile, r.Version, r.Path}
	if r.Without != "" {
		about = append(about, "without "+r.Without)
	}
	if r.Partial {
		about = append(about, "partial")
	}
	row.About = strings.Join(slices.DeleteFunc(about, func(s string) bool { return s == "" }), ", ")
	return row
}

// linkTo is a link to a file beside or below the page, or empty. It begins with a dot, so
// that no name of a folder is read as a scheme or a host.
func linkTo(file string) string {
	if file == "" {
		return ""
	}
	parts := strings.Split(filepath.ToSlash(file), "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return "./" + strings.Join(parts, "/")
}

func newHistoryTrend(t history.Trend, runs []history.Run, first int) (HistoryTrend, bool) {
	last := t.Last()
	row := HistoryTrend{
		Verdict: badgeOf(last.Verdict), Name: t.Check, Scenario: t.Scenario, Value: optional(last.Value, t.Unit),
	}
	row.Limit = verdict.LimitText(result.Check{Op: last.Op, Threshold: last.Threshold, Upper: last.Upper, Unit: t.Unit, Value: last.Value})
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
		point := chart.TrendPoint{At: p.Run - first, Value: p.Value, Limit: p.Threshold, Upper: p.Upper}
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
