package reports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/view"
)

// Markdown writes run as a summary for a pull request: the verdict, what failed
// with its value and limit, all scenarios, gains, evidence.
//
// Text from the run can't become markup, a mention, a reference or a further
// row of a table.
func Markdown(w io.Writer, run *result.Run) error {
	v := view.Of(run)
	var b strings.Builder
	markdownHead(&b, v)
	markdownReevaluated(&b, v.Reevaluated)
	markdownOpen(&b, v.Scenarios)
	markdownScenarios(&b, v.Rows)
	markdownTries(&b, v.Scenarios)
	markdownGains(&b, v)
	markdownProof(&b, v)
	markdownAlerts(&b, v.Alerts)
	markdownCoverage(&b, v.Coverage)
	markdownEvidence(&b, v.Tiles)
	if v.Command != "" {
		b.WriteString("\nRepeat:\n\n" + fenced(v.Command))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write Markdown report: %w", err)
	}
	return nil
}

func markdownHead(b *strings.Builder, v view.Run) {
	fmt.Fprintf(b, "## %s %s – Holdfast\n\n%s\n", v.Verdict.Mark, v.Verdict.Word, inline(cmp.Or(v.Advice, v.Sentence)))
	if v.Advice != "" {
		b.WriteString("\n" + inline(v.Sentence) + "\n")
	}
	if v.Lacking != "" {
		fmt.Fprintf(b, "\n> **%s**\n", inline(v.Lacking))
	}
	if len(v.Tally) > 0 {
		fmt.Fprintf(b, "\n**%s**\n", strings.Join(v.Tally, " · "))
	}
	var about []string
	for _, f := range v.Facts {
		about = append(about, strings.ToLower(f.Name)+" "+inline(f.Value))
	}
	fmt.Fprintf(b, "\n%s\n", strings.Join(about, " · "))
}

func markdownReevaluated(b *strings.Builder, r *view.Reevaluation) {
	if r == nil {
		return
	}
	b.WriteString("\n> " + inline(r.Sentence) + "\n")
	var rows [][]string
	for _, c := range r.Rows {
		rows = append(rows, []string{c.Was.Text(), c.Is.Text(), inline(c.Scenario), inline(c.Check), inline(c.Old), inline(c.New)})
	}
	table(b, "Judged again", []string{"Was", "Is", "Scenario", "Check", "Limit then", "Limit now"}, "llllrr", rows)
}

// markdownOpen lists the checks that did not pass, and the scenarios that could
// not be carried out.
func markdownOpen(b *strings.Builder, scenarios []view.Scenario) {
	notCarriedOut := result.Inconclusive.Mark() + "\u00a0" + result.Inconclusive.Label()
	var rows [][]string
	for _, s := range scenarios {
		if s.Error != "" {
			rows = append(rows, []string{notCarriedOut, inline(s.Name), inline("not carried out"), "", "", "", inline(s.Error)})
		}
		for _, c := range s.Open {
			rows = append(rows, []string{c.Verdict.Text(), inline(s.Name), inline(c.Name), "**" + inline(c.Got) + "**", inline(c.Limit), c.Samples, inline(c.News)})
		}
	}
	table(b, "Checks that did not pass", []string{"Verdict", "Scenario", "Check", "Measured", "Limit", "n", "Reason"}, "lllrrrl", rows)
}

func markdownScenarios(b *strings.Builder, scenarios []view.Row) {
	var rows [][]string
	for _, r := range scenarios {
		name := inline(r.Name)
		if r.Without != "" {
			name += " (without " + inline(r.Without) + ")"
		}
		if r.Compressed {
			name += " (times compressed)"
		}
		if r.Try != "" {
			name += " (" + r.Try + ")"
		}
		used := ""
		if r.Bar != nil {
			used = r.Bar.Text
		}
		rows = append(rows, []string{r.Verdict.Text(), name, inline(cmp.Or(r.Check, r.Reason)), inline(r.Got), inline(r.Limit), used})
	}
	table(b, "Scenarios, worst first", []string{"Verdict", "Scenario", "Decisive check", "Measured", "Limit", "Of the limit"}, "lllrrr", rows)
}

// markdownTries tells what came of earlier tries, and which scenarios were slowed.
func markdownTries(b *strings.Builder, scenarios []view.Scenario) {
	var rows [][]string
	for _, s := range scenarios {
		for _, said := range []string{s.Tried, s.Slower} {
			if said != "" {
				rows = append(rows, []string{inline(s.Name), inline(said)})
			}
		}
	}
	table(b, "Tried again, or slower than planned", []string{"Scenario", ""}, "ll", rows)
}

func markdownGains(b *strings.Builder, v view.Run) {
	var rows [][]string
	for _, g := range v.Gains {
		rows = append(rows, []string{
			inline(g.Name), inline(g.Claimed), inline(g.Before), inline(g.After), inline(g.Gain), inline(g.Interval), inline(g.Promised),
			g.Verdict.Text(), inline(g.Reason),
		})
	}
	table(b, "Gains", []string{"Gain", "Claimed", "Before", "After", "Measured", "Interval", "Promised", "Holds", ""}, "llrrrrrll", rows)
	for _, c := range v.Curves {
		var rows [][]string
		for _, r := range c.Rows {
			rows = append(rows, []string{r.X, inline(r.Before), inline(r.After)})
		}
		table(b, inline(c.Name), []string{inline(c.X), "Before", "After"}, "rrr", rows)
	}
}

// markdownProof tells the detection matrix, what is not as it should be first,
// and how many checks were never seen to fail.
func markdownProof(b *strings.Builder, v view.Run) {
	if p := v.Proof; p != nil {
		var rows [][]string
		for _, d := range slices.Concat(p.Open, p.Settled) {
			rows = append(rows, []string{inline(d.Without), d.Verdict.Text(), inline(d.Expected), inline(d.CaughtBy), inline(d.Said)})
		}
		table(b, "Detection matrix", []string{"Taken away", "Detected", "To be caught by", "Caught by", "Reason"}, "lllll", rows)
		b.WriteString("\n" + inline(p.Counts) + "\n")
	}
	if v.Unproven != "" {
		b.WriteString("\n" + inline(v.Unproven) + "\n")
	}
}

// markdownAlerts tells the matrix of alerts and faults, what is not as it should be first.
func markdownAlerts(b *strings.Builder, a *view.Alerts) {
	if a == nil {
		return
	}
	b.WriteString("\n### Alerts against faults\n\n" + inline(a.Counts) + "\n")
	var rows [][]string
	for _, c := range a.Open {
		rows = append(rows, []string{inline(c.Alert), inline(c.Scenario), inline(c.Expected), c.Verdict.Text(), inline(c.Reason)})
	}
	if len(rows) > 0 {
		table(b, "Not as it should be", []string{"Alert", "Fault", "Expected", "Verdict", "Reason"}, "lllll", rows)
	}
	rows = nil
	for _, r := range a.Rows {
		row := []string{inline(r.Alert), r.Verdict.Text()}
		for _, cell := range r.Cells {
			var said []string
			for _, c := range cell {
				said = append(said, c.Mark+" "+inline(c.Word))
			}
			row = append(row, strings.Join(said, " "))
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		columns := []string{"Alert", "Verdict"}
		for _, c := range a.Columns {
			columns = append(columns, inline(c))
		}
		table(b, "How long after its begin each fault was told of", columns, strings.Repeat("l", len(columns)), rows)
	}
}

// markdownCoverage tells what no scenario touches, and what the service was asked.
func markdownCoverage(b *strings.Builder, c *view.Coverage) {
	if c == nil {
		return
	}
	b.WriteString("\n### Coverage\n\n")
	b.WriteString(inline(strings.Join(c.Summary, " ")) + "\n")
	if len(c.Missing) > 0 {
		b.WriteString("\nTo be added next:\n\n")
	}
	for _, line := range c.Missing {
		b.WriteString("- " + inline(line) + "\n")
	}
	var rows [][]string
	for _, r := range c.Routes {
		share := ""
		if r.Share != nil {
			share = r.Share.Text
		}
		rows = append(rows, []string{inline(r.Route), share, inline(r.Scenarios), inline(r.Answers), inline(r.Errors)})
	}
	table(b, "What the service is asked", []string{"Route", "Of the traffic", "Scenarios", "Answers", "Documented errors"}, "lrlll", rows)
	rows = nil
	for _, p := range c.Places {
		rows = append(rows, []string{inline(p.Place), p.Calls, inline(p.Had), inline(p.Never)})
	}
	table(b, "What goes wrong where", []string{"Place", "Calls", "Was", "Never was"}, "lrll", rows)
}

func markdownEvidence(b *strings.Builder, tiles []view.Tile) {
	var rows [][]string
	for _, t := range tiles {
		rows = append(rows, []string{t.Mark, inline(t.Name), inline(t.Value), inline(t.Note)})
	}
	table(b, "Evidence", []string{"", "What", "Value", ""}, "llll", rows)
}
