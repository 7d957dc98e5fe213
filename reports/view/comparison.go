package view

import (
	"fmt"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
	"holdfast.dev/holdfast/reports/compare"
	"holdfast.dev/holdfast/reports/visible"
)

// Comparison is all that is shown of a comparison of runs.
type Comparison struct {
	Title         string
	Difference    Badge
	Sentence      string
	Tally         []string
	Notes         []string
	Facts         []Pair
	Rows          []ComparisonRow
	Distributions []ComparedDistribution
	Overlays      []TwoRuns
	Overlaid      string // what the overlays are
	Method        []string
}

// ComparisonRow is one quantity on both sides.
type ComparisonRow struct {
	Difference                             Badge
	Scenario, Name, Limit                  string
	Old, New, Change, Test, Larger, Reason string
	Clear                                  bool // the change is more than noise
}

// ComparedDistribution is one stream's latency on both sides.
type ComparedDistribution struct {
	Name string
	Plot chart.Plot
}

// OfComparison derives the view of a comparison, with its pictures.
func OfComparison(c *compare.Comparison) Comparison { return newComparison(visible.Copy(c)) }

// badgeOfDifference gives a difference a verdict's mark and colour.
func badgeOfDifference(o compare.Difference) Badge {
	as := map[compare.Difference]result.Verdict{compare.Worse: result.Fail, compare.Better: result.Pass, compare.Unclear: result.Inconclusive}[o]
	b := Badge{Class: string(as), Mark: as.Mark(), Word: strings.ToUpper(string(o))}
	if o == compare.NoEvidence {
		b.Class, b.Mark = string(result.NotExercised), "~"
	}
	return b
}

func newComparison(c *compare.Comparison) Comparison {
	p := Comparison{
		Title: strings.ToUpper(string(c.Difference)) + " – Holdfast comparison", Difference: badgeOfDifference(c.Difference), Sentence: c.Reason,
		Notes: c.Notes, Facts: []Pair{{"Before", sideText(c.Old)}, {"After", sideText(c.New)}}, Method: method(c),
	}
	counts := map[compare.Difference]int{}
	for _, r := range c.Rows {
		counts[r.Difference]++
		p.Rows = append(p.Rows, newComparisonRow(r))
	}
	for _, o := range []compare.Difference{compare.Worse, compare.Unclear, compare.Better, compare.NoEvidence} {
		if counts[o] > 0 {
			p.Tally = append(p.Tally, count(int64(counts[o]))+nbsp+string(o))
		}
	}
	if p.Overlays = overlays(c); len(p.Overlays) > 0 {
		p.Overlaid = overlaidCaption
	}
	for _, d := range c.Distributions {
		curves := []chart.Curve{
			{Name: "before (" + count(d.NOld) + " requests)", Style: chart.Reference, Points: d.Old},
			{Name: "after (" + count(d.NNew) + " requests)", Style: chart.Main, Points: d.New},
		}
		if plot, ok := (chart.Distribution{Title: "Latency distribution of " + d.Stream, Curves: curves}).Draw(); ok {
			p.Distributions = append(p.Distributions, ComparedDistribution{d.Scenario + ", " + d.Stream, plot})
		}
	}
	return p
}

func newComparisonRow(r compare.Row) ComparisonRow {
	row := ComparisonRow{
		Difference: badgeOfDifference(r.Difference), Scenario: r.Scenario, Name: r.Name, Limit: r.Limit, Reason: r.Reason,
		Old: summaryText(r.Old, r.Unit), New: summaryText(r.New, r.Unit), Change: "~", Test: "–", Larger: "–",
		Clear: r.Difference == compare.Worse || r.Difference == compare.Better,
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
	return Plural(len(s.Runs), "run", "runs") + ": " + strings.Join(names, ", ")
}

// method says how the difference was found, and what it does not say.
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
