package reports

import (
	"fmt"
	"io"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// mostRows bounds each list of the summary: a pull request is not the place for
// all of a large run, and CI systems cut what is longer than a megabyte.
const mostRows = 50

// Markdown writes run as a summary for a pull request: the verdict, what failed
// with its value and limit, all scenarios, claims, evidence.
//
// Text from the run can't become markup, a mention, a reference or a further
// row of a table.
func Markdown(w io.Writer, run *result.Run) error {
	safe := shown(run)
	order := verdict.WorstFirst(safe.Scenarios)
	var b strings.Builder
	markdownHead(&b, safe)
	markdownReevaluated(&b, safe)
	markdownOpen(&b, safe, order)
	markdownScenarios(&b, safe, order)
	markdownClaims(&b, safe)
	markdownProof(&b, safe)
	markdownEvidence(&b, safe)
	if safe.Command != "" {
		b.WriteString("\nRepeat:\n\n" + fenced(safe.Command))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write Markdown report: %w", err)
	}
	return nil
}

func markdownHead(b *strings.Builder, run *result.Run) {
	v, _ := verdict.ShownRun(run)
	fmt.Fprintf(b, "## %s %s – Holdfast\n\n%s\n", v.Mark(), v.Label(), inline(sentence(run)))
	if said := lacking(run); said != "" {
		fmt.Fprintf(b, "\n> **%s**\n", inline(said))
	}
	if parts := tally(run); len(parts) > 0 {
		fmt.Fprintf(b, "\n**%s**\n", strings.Join(parts, " · "))
	}
	var about []string
	for _, f := range facts(run) {
		about = append(about, strings.ToLower(f.Name)+" "+inline(f.Value))
	}
	fmt.Fprintf(b, "\n%s\n", strings.Join(about, " · "))
}

// markdownOpen lists the checks that did not pass, and the scenarios that could
// not be carried out.
func markdownOpen(b *strings.Builder, run *result.Run, order []int) {
	var rows [][]string
	for _, i := range order {
		s := run.Scenarios[i]
		if s.Error != "" {
			rows = append(rows, []string{mark(result.Inconclusive), inline(s.Name), inline("not carried out"), "", "", "", inline(s.Error)})
		}
		for _, c := range s.Checks {
			if c.Verdict != result.Pass {
				rows = append(rows, openRow(s.Name, c))
			}
		}
	}
	table(b, "Checks that did not pass", []string{"Verdict", "Scenario", "Check", "Measured", "Limit", "n", "Reason"}, "lllrrrl", rows)
}

func openRow(scenario string, c result.Check) []string {
	return []string{mark(c.Verdict), inline(scenario), inline(verdict.Subject(c)), "**" + inline(measured(c)) + "**", inline(verdict.LimitText(c)), count(c.Samples), inline(news(c))}
}

func markdownScenarios(b *strings.Builder, run *result.Run, order []int) {
	var rows [][]string
	for _, i := range order {
		s := run.Scenarios[i]
		r := newRow(s, "")
		name := inline(s.Name)
		if r.Without != "" {
			name += " (without " + inline(r.Without) + ")"
		}
		if r.Compressed {
			name += " (times compressed)"
		}
		used := ""
		if r.Bar != nil {
			used = r.Bar.Text
		}
		check := inline(r.Check)
		if check == "" {
			check = inline(r.Reason)
		}
		rows = append(rows, []string{r.Verdict.Mark + nbsp + r.Verdict.Word, name, check, inline(r.Got), inline(r.Limit), used})
	}
	table(b, "Scenarios, worst first", []string{"Verdict", "Scenario", "Decisive check", "Measured", "Limit", "Of the limit"}, "lllrrr", rows)
}

func markdownClaims(b *strings.Builder, run *result.Run) {
	var rows [][]string
	for i, r := range claimRows(run.Gains) {
		rows = append(rows, []string{
			inline(r.Name), inline(r.Claimed), inline(r.Before), inline(r.After), inline(r.Gain), inline(r.Interval), inline(r.Promised),
			mark(run.Gains[i].Verdict), inline(r.Reason),
		})
	}
	table(b, "Claims", []string{"Claim", "Claimed", "Before", "After", "Gain measured", "Interval", "Promised", "Holds", ""}, "llrrrrrll", rows)
	markdownCurves(b, run)
}

// markdownProof tells the detection matrix, what is not as it should be first,
// and how many checks were never seen to fail.
func markdownProof(b *strings.Builder, run *result.Run) {
	var rows [][]string
	for _, d := range detectionsWorstFirst(run) {
		rows = append(rows, []string{inline(withoutText(d)), mark(d.Verdict), inline(d.Expected), inline(strings.Join(d.CaughtBy, ", ")), inline(detectionReason(d))})
	}
	table(b, "Detection matrix", []string{"Taken away", "Detected", "To be caught by", "Caught by", "Reason"}, "lllll", rows)
	if len(rows) > 0 {
		b.WriteString("\n" + inline(proofCounts(run)) + "\n")
	}
	if said := unprovenText(run); said != "" {
		b.WriteString("\n" + inline(said) + "\n")
	}
}

func markdownEvidence(b *strings.Builder, run *result.Run) {
	var rows [][]string
	for _, t := range tiles(run) {
		rows = append(rows, []string{t.Mark, inline(t.Name), inline(t.Value), inline(t.Note)})
	}
	table(b, "Evidence", []string{"", "What", "Value", ""}, "llll", rows)
}

func mark(v result.Verdict) string { return v.Mark() + nbsp + v.Label() }

// table writes a heading and a table of cells that are Markdown already, and
// nothing at all without rows. align has an l or an r for each column.
func table(b *strings.Builder, title string, head []string, align string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %s\n\n| %s |\n|", title, strings.Join(head, " | "))
	for _, a := range align {
		b.WriteString(map[rune]string{'l': " --- |", 'r': " ---: |"}[a])
	}
	b.WriteByte('\n')
	for _, r := range rows[:min(len(rows), mostRows)] {
		fmt.Fprintf(b, "| %s |\n", strings.Join(r, " | "))
	}
	if n := len(rows) - mostRows; n > 0 {
		fmt.Fprintf(b, "\n%s not shown here.\n", plural(n, "more row is", "more rows are"))
	}
}

// inline escapes text so that it stays one line of plain text: no markup, no
// HTML, no cell border, no link. After @ and # stands a zero-width space, because
// a mention or a reference is found in the finished text, whatever was escaped.
func inline(s string) string {
	s = strings.NewReplacer(
		"\n", " ", "\t", " ", "&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@&#8203;", "#", "#&#8203;",
		"\\", `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "$", `\$`,
		"://", "&#58;//", "www.", "www&#46;",
	).Replace(s)
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") || strings.HasPrefix(s, "==") {
		return `\` + s // no list, no rule, no heading
	}
	return s
}

// fenced shows text verbatim, in a fence that is longer than any within it.
func fenced(s string) string {
	fence := "```"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	return fence + "\n" + s + "\n" + fence + "\n"
}
