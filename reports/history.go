package reports

import (
	"fmt"
	"io"
	"strings"

	"holdfast.dev/holdfast/reports/history"
	"holdfast.dev/holdfast/reports/view"
)

// HistoryHTML writes a history as a page that stands alone, as [HTML] does.
func HistoryHTML(w io.Writer, h *history.History) error {
	return writePage(w, "history", view.OfHistory(h), false)
}

// HistoryMarkdown writes a history for a pull request or a job's summary.
func HistoryMarkdown(w io.Writer, h *history.History) error {
	v := view.OfHistory(h)
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s – Holdfast history\n\n%s\n\n**%s**\n", v.Verdict.Mark, v.Verdict.Word, inline(v.Sentence), strings.Join(v.Tally, " · "))
	for _, u := range v.Unreadable {
		fmt.Fprintf(&b, "\n> **can't be read:** %s: %s\n", inline(u.Name), inline(u.Value))
	}
	var rows [][]string
	for _, r := range v.Runs {
		var changed []string
		for _, c := range r.Broke {
			changed = append(changed, "**✕ broke "+inline(c)+"**")
		}
		for _, c := range r.Mended {
			changed = append(changed, "✓ mended "+inline(c))
		}
		rows = append(rows, []string{inline(r.Started), r.Verdict.Text(), inline(r.ID), inline(r.About), strings.Join(changed, "; ")})
	}
	table(&b, "Runs, newest first", []string{"Started", "Verdict", "Run", "", "What changed"}, "lllll", rows)
	rows = nil
	for _, t := range v.Trends {
		rows = append(rows, []string{t.Verdict.Text(), inline(t.Scenario), inline(t.Name), inline(t.Value), inline(t.Limit), inline(t.Since)})
	}
	table(&b, "Checks, in their last run", []string{"Verdict", "Scenario", "Check", "Value", "Limit", ""}, "lllrrl", rows)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
}
