package reports

import (
	"fmt"
	"io"
	"strings"

	"holdfast.dev/holdfast/reports/compare"
	"holdfast.dev/holdfast/reports/view"
)

// ComparisonHTML writes a comparison as a page that stands alone, as [HTML] does.
func ComparisonHTML(w io.Writer, c *compare.Comparison) error {
	return writePage(w, "comparison", view.OfComparison(c), false)
}

// ComparisonMarkdown writes a comparison for a pull request.
func ComparisonMarkdown(w io.Writer, c *compare.Comparison) error {
	v := view.OfComparison(c)
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s – Holdfast comparison\n\n%s\n", v.Difference.Mark, v.Difference.Word, inline(v.Sentence))
	if len(v.Notes) > 0 {
		fmt.Fprintf(&b, "\n> **The sides differ in more than what is compared:** %s\n", inline(strings.Join(v.Notes, "; ")))
	}
	fmt.Fprintf(&b, "\n**%s**\n", strings.Join(v.Tally, " · "))
	for _, f := range v.Facts {
		fmt.Fprintf(&b, "\n%s: %s\n", f.Name, inline(f.Value))
	}
	var rows [][]string
	for _, r := range v.Rows {
		change := inline(r.Change)
		if r.Clear && r.Change != "–" {
			change = "**" + change + "**"
		}
		rows = append(rows, []string{r.Difference.Text(), inline(r.Scenario), inline(r.Name), inline(r.Old), inline(r.New), change, inline(r.Test), inline(r.Reason)})
	}
	table(&b, "Rows, worst first", []string{"Outcome", "Scenario", "What", "Before", "After", "Change", "p, n", ""}, "lllrrrrl", rows)
	for _, m := range v.Method {
		fmt.Fprintf(&b, "\n%s\n", inline(m))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}
