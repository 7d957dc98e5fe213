package reports

import (
	"fmt"
	"strings"

	"holdfast.dev/holdfast/reports/view"
)

// mostRows bounds each list of the summary: a pull request is not the place for
// all of a large run, and CI systems cut what is longer than a megabyte.
const mostRows = 50

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
		fmt.Fprintf(b, "\n%s not shown here.\n", view.Plural(n, "more row is", "more rows are"))
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
