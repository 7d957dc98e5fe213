package reports

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func TestMarkdownBeginsWithTheVerdict(t *testing.T) {
	text := draw(t, Markdown, mixedRun(t))
	require.True(t, strings.HasPrefix(text, "## ✕ FAIL – Holdfast\n\nsearch/popular-term: process.rss.max in inject was 187 MB"), text[:200])
	for _, want := range []string{
		"**2\u00a0fail · 1\u00a0inconclusive · 1\u00a0not exercised · 2\u00a0pass**", "### Checks that did not pass", "### Gains", "### Detection matrix", "### Evidence",
		"| ✕\u00a0FAIL | search/popular-term | process.rss.max in inject | **187\u00a0MB** | ≤\u00a0100\u00a0MB | 83 |",
		"| ✕\u00a0FAIL | search/popular-term (without search.sql-limit) |", "oracle/one-drips (times compressed)", "```\nholdfast run --all --profile bench --seed 42\n```",
	} {
		require.Contains(t, text, want)
	}
}

func TestMarkdownSaysThatARunIsPartial(t *testing.T) {
	text := draw(t, Markdown, partialRun(t))
	require.Contains(t, text, "## ? NO VERDICT")
	require.Contains(t, text, "> **The run was ended early by a signal (terminated). This result is partial")
	require.Contains(t, text, "not carried out")
}

func TestHostileTextStaysTextInMarkdown(t *testing.T) {
	calm, text := draw(t, Markdown, hostileRun(t, "calm")), draw(t, Markdown, hostileRun(t, hostile))
	fence := regexp.MustCompile("(?s)\n(````*)\n.*\n````*\n$")
	calm, text = fence.ReplaceAllString(calm, ""), fence.ReplaceAllString(text, "")
	require.Equal(t, strings.Count(calm, "\n"), strings.Count(text, "\n"), "text adds no line")
	require.NotContains(t, text, "<script")
	require.NotContains(t, text, "<img")
	require.NotContains(t, text, "@octocat")
	require.NotContains(t, text, "#1 ")
	require.NotContains(t, text, "https://")
	require.NotRegexp(t, `[^\\]\[link`, text)
	columns := 0
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := len(regexp.MustCompile(`(^|[^\\])(\\\\)*\|`).FindAllString(line, -1))
		if columns == 0 {
			columns = n
		}
		require.Equal(t, columns, n, "a row has as many cells as its head: %s", line)
	}
}

func TestInline(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "search/popular-term", "search/popular-term"},
		{"a cell border", "a|b", `a\|b`},
		{"a cell border behind a backslash", `a\|b`, `a\\\|b`},
		{"lines become spaces", "a\nb", "a b"},
		{"tags", "<b>&", "&lt;b&gt;&amp;"},
		{"mentions", "@team", "@&#8203;team"},
		{"references", "#12", "#&#8203;12"},
		{"addresses", "see https://a.example", "see https&#58;//a.example"},
		{"emphasis and code", "*a* _b_ `c` ~d~", "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~"},
		{"a list", "- a", `\- a`},
		{"a rule under a heading", "===", `\===`},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, inline(c.in)) })
	}
}

func TestAFenceIsLongerThanWhatItHolds(t *testing.T) {
	require.Equal(t, "`````\na````b\n`````\n", fenced("a````b"))
}

func TestALongTableIsCutAndSaysSo(t *testing.T) {
	run := baseRun()
	for range 60 {
		run.Scenarios = append(run.Scenarios, result.Scenario{Name: "search/x", Verdict: result.Pass})
	}
	require.Contains(t, draw(t, Markdown, run), "\n10\u00a0more rows are not shown here.\n")
}
