package reports

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
	"holdfast.dev/holdfast/reports/compare"
)

// comparison is what the template "comparison" and the Markdown show.
type comparison struct {
	Title         string
	Outcome       badge
	Sentence      string
	Tally         []string
	Notes         []string
	Facts         []pair
	Rows          []comparisonRow
	Distributions []comparedDistribution
	Method        []string
}

type comparisonRow struct {
	Outcome                                badge
	Scenario, Name, Limit                  string
	Old, New, Change, Test, Larger, Reason string
	Clear                                  bool // the change is more than noise
}

type comparedDistribution struct {
	Name string
	Plot chart.Plot
}

// ComparisonHTML writes a comparison as a page that stands alone, as [HTML] does.
func ComparisonHTML(w io.Writer, c *compare.Comparison) error {
	return writePage(w, "comparison", newComparison(shown(c)))
}

// ComparisonMarkdown writes a comparison for a pull request.
func ComparisonMarkdown(w io.Writer, c *compare.Comparison) error {
	p := newComparison(shown(c))
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s – Holdfast comparison\n\n%s\n", p.Outcome.Mark, p.Outcome.Word, inline(p.Sentence))
	if len(p.Notes) > 0 {
		fmt.Fprintf(&b, "\n> **The sides differ in more than what is compared:** %s\n", inline(strings.Join(p.Notes, "; ")))
	}
	fmt.Fprintf(&b, "\n**%s**\n", strings.Join(p.Tally, " · "))
	for _, f := range p.Facts {
		fmt.Fprintf(&b, "\n%s: %s\n", f.Name, inline(f.Value))
	}
	var rows [][]string
	for _, r := range p.Rows {
		change := inline(r.Change)
		if r.Clear && r.Change != "–" {
			change = "**" + change + "**"
		}
		rows = append(rows, []string{r.Outcome.Mark + nbsp + r.Outcome.Word, inline(r.Scenario), inline(r.Name), inline(r.Old), inline(r.New), change, inline(r.Test), inline(r.Reason)})
	}
	table(&b, "Rows, worst first", []string{"Outcome", "Scenario", "What", "Before", "After", "Change", "p, n", ""}, "lllrrrrl", rows)
	for _, m := range p.Method {
		fmt.Fprintf(&b, "\n%s\n", inline(m))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

// badgeOfOutcome gives an outcome a verdict's mark and colour.
func badgeOfOutcome(o compare.Outcome) badge {
	as := map[compare.Outcome]result.Verdict{compare.Worse: result.Fail, compare.Better: result.Pass, compare.Unclear: result.Inconclusive}[o]
	b := badge{Class: string(as), Mark: as.Mark(), Word: strings.ToUpper(string(o))}
	if o == compare.NoEvidence {
		b.Class, b.Mark = string(result.NotExercised), "~"
	}
	return b
}

func newComparison(c *compare.Comparison) comparison {
	p := comparison{
		Title: strings.ToUpper(string(c.Outcome)) + " – Holdfast comparison", Outcome: badgeOfOutcome(c.Outcome), Sentence: c.Reason,
		Notes: c.Notes, Facts: []pair{{"Before", sideText(c.Old)}, {"After", sideText(c.New)}}, Method: method(c),
	}
	counts := map[compare.Outcome]int{}
	for _, r := range c.Rows {
		counts[r.Outcome]++
		p.Rows = append(p.Rows, newComparisonRow(r))
	}
	for _, o := range []compare.Outcome{compare.Worse, compare.Unclear, compare.Better, compare.NoEvidence} {
		if counts[o] > 0 {
			p.Tally = append(p.Tally, count(int64(counts[o]))+nbsp+string(o))
		}
	}
	for _, d := range c.Distributions {
		curves := []chart.Curve{
			{Name: "before (" + count(d.NOld) + " requests)", Style: chart.Reference, Points: d.Old},
			{Name: "after (" + count(d.NNew) + " requests)", Style: chart.Main, Points: d.New},
		}
		if plot, ok := (chart.Distribution{Title: "Latency distribution of " + d.Stream, Curves: curves}).Draw(); ok {
			p.Distributions = append(p.Distributions, comparedDistribution{d.Scenario + ", " + d.Stream, plot})
		}
	}
	return p
}

func newComparisonRow(r compare.Row) comparisonRow {
	row := comparisonRow{
		Outcome: badgeOfOutcome(r.Outcome), Scenario: r.Scenario, Name: r.Name, Limit: r.Limit, Reason: r.Reason,
		Old: summaryText(r.Old, r.Unit), New: summaryText(r.New, r.Unit), Change: "~", Test: "–", Larger: "–",
		Clear: r.Outcome == compare.Worse || r.Outcome == compare.Better,
	}
	if r.Old.Center == nil || r.New.Center == nil {
		row.Change = "–"
	}
	if r.Delta != nil && (row.Clear || r.P == nil && *r.Delta != 0) {
		row.Change = fmt.Sprintf("%+.1f%s%%", *r.Delta*100, nbsp)
	}
	if r.P != nil {
		row.Test = "p=" + strconv.FormatFloat(*r.P, 'f', 3, 64) + " n=" + strconv.Itoa(r.Old.N) + "+" + strconv.Itoa(r.New.N)
	}
	if r.Larger != nil {
		row.Larger = strconv.FormatFloat(*r.Larger*100, 'f', 0, 64) + nbsp + "% of pairs"
	}
	return row
}

// summaryText is a median with its interval, or with the number of runs where
// they are too few for one.
func summaryText(s compare.Summary, unit string) string {
	switch {
	case s.N == 0:
		return notMeasured
	case s.Center == nil:
		return "never"
	case s.Lo == nil || s.Hi == nil:
		return result.Format(*s.Center, unit)
	case *s.Lo == *s.Hi:
		return result.Format(*s.Center, unit) + " ± 0"
	default:
		return result.Format(*s.Center, unit) + " [" + result.Format(*s.Lo, unit) + " to " + result.Format(*s.Hi, unit) + "]"
	}
}

func sideText(s compare.Side) string {
	var names []string
	for _, r := range s.Runs {
		names = append(names, r.ID+" ("+strings.ToLower(r.Verdict.Label())+")")
	}
	return plural(len(s.Runs), "run", "runs") + ": " + strings.Join(names, ", ")
}

// method says how the outcome was found, and what it does not say.
func method(c *compare.Comparison) []string {
	if len(c.Old.Runs) == 1 && len(c.New.Runs) == 1 {
		return []string{"One run a side: only a check whose verdict changed counts. How far values differ is shown, but whether they would differ again is not known; give directories of several runs for that."}
	}
	return []string{
		"Medians, with the interval at 95 % in brackets where there are runs enough for one (six). ~ is a difference inside the noise.",
		fmt.Sprintf("A row counts as changed when the rank test of Mann and Whitney, corrected for the number of rows (false discovery rate after Benjamini and Hochberg), is under %s and the median changed by at least %s. “After is larger” is the effect's size: the share of pairs of runs in which the new value is the larger; 50 %% is no effect.",
			result.Number(c.Rules.Alpha), result.Format(c.Rules.Least, result.UnitRatio)),
		"A check that all runs of one side passed and all of the other failed has changed, whatever its value. Only what a valid experiment measured is compared.",
	}
}
