package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/chart"
	"holdfast.dev/holdfast/reports/history"
)

// mostRuns bounds the runs that are drawn; trends begin with the oldest of them.
const mostRuns = 200

// historyPage is what the template "history" and the Markdown show.
type historyPage struct {
	Title      string
	Verdict    badge
	Sentence   string
	Tally      []string
	Unreadable []pair
	Runs       []historyRun // newest first
	Older      string
	Trends     []historyTrend
}

type historyRun struct {
	Started, ID, About string
	Verdict            badge
	Broke, Mended      []string
}

type historyTrend struct {
	Verdict                             badge
	Name, Scenario, Value, Limit, Since string
	Spark                               chart.Spark
}

// HistoryHTML writes a history as a page that stands alone, as [HTML] does.
func HistoryHTML(w io.Writer, h *history.History) error {
	return writePage(w, "history", newHistory(shown(h)))
}

// HistoryMarkdown writes a history for a pull request or a job's summary.
func HistoryMarkdown(w io.Writer, h *history.History) error {
	p := newHistory(shown(h))
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s – Holdfast history\n\n%s\n\n**%s**\n", p.Verdict.Mark, p.Verdict.Word, inline(p.Sentence), strings.Join(p.Tally, " · "))
	for _, u := range p.Unreadable {
		fmt.Fprintf(&b, "\n> **can't be read:** %s: %s\n", inline(u.Name), inline(u.Value))
	}
	var rows [][]string
	for _, r := range p.Runs {
		var changed []string
		for _, c := range r.Broke {
			changed = append(changed, "**✕ broke "+inline(c)+"**")
		}
		for _, c := range r.Mended {
			changed = append(changed, "✓ mended "+inline(c))
		}
		rows = append(rows, []string{inline(r.Started), r.Verdict.Mark + nbsp + r.Verdict.Word, inline(r.ID), inline(r.About), strings.Join(changed, "; ")})
	}
	table(&b, "Runs, newest first", []string{"Started", "Verdict", "Run", "", "What changed"}, "lllll", rows)
	rows = nil
	for _, t := range p.Trends {
		rows = append(rows, []string{t.Verdict.Mark + nbsp + t.Verdict.Word, inline(t.Scenario), inline(t.Name), inline(t.Value), inline(t.Limit), inline(t.Since)})
	}
	table(&b, "Checks, in their last run", []string{"Verdict", "Scenario", "Check", "Value", "Limit", ""}, "lllrrl", rows)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
}

func newHistory(h *history.History) historyPage {
	p := historyPage{Title: "Holdfast history", Verdict: badgeOf(result.NotExercised), Sentence: "There is no run yet."}
	for _, u := range h.Unreadable {
		p.Unreadable = append(p.Unreadable, pair{u.Path, u.Why})
	}
	broke := 0
	for _, r := range h.Runs {
		if len(r.Broke) > 0 {
			broke++
		}
	}
	first := max(len(h.Runs)-mostRuns, 0)
	if first > 0 {
		p.Older = plural(first, "older run is", "older runs are") + " not shown."
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
	p.Tally = []string{plural(len(h.Runs), "run", "runs"), plural(broke, "of them broke something", "of them broke something")}
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

func newHistoryRun(r history.Run) historyRun {
	row := historyRun{Started: moment(r.Started), ID: r.ID, Verdict: badgeOf(r.Verdict), Broke: r.Broke, Mended: r.Mended}
	about := []string{r.Profile, r.Version, r.Path}
	if r.Partial {
		about = append(about, "partial")
	}
	row.About = strings.Join(slices.DeleteFunc(about, func(s string) bool { return s == "" }), ", ")
	return row
}

func newHistoryTrend(t history.Trend, runs []history.Run, first int) (historyTrend, bool) {
	last := t.Last()
	row := historyTrend{
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
		return historyTrend{}, false // only older runs have it
	}
	drawing.Label = fmt.Sprintf("%s of %s: %s, failed in %s, last %s", t.Check, t.Scenario, plural(len(t.Points), "run", "runs"), count(int64(fails)), row.Value)
	row.Spark = drawing.Draw()
	return row, true
}
