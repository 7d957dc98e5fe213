package view

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/reports/chart"
	"holdfast.dev/holdfast/reports/compare"
)

// spaced is a text with spaces that may break, to be read in a test.
func spaced(s string) string { return strings.ReplaceAll(s, nbsp, " ") }

func TestARowOfAComparison(t *testing.T) {
	one := compare.Summary{N: 1, Center: ptr(100.0)}
	many := func(center, lo, hi float64) compare.Summary {
		return compare.Summary{N: 6, Center: ptr(center), Lo: ptr(lo), Hi: ptr(hi)}
	}
	for _, row := range []struct {
		name string
		row  compare.Row
		want string // before | after | change | test | larger
	}{
		{"slower in all runs", compare.Row{Old: many(100, 98, 103), New: many(150, 149, 155), Delta: ptr(0.5), P: ptr(0.002), Larger: ptr(1.0), Difference: compare.Worse},
			"100 ms [98 ms to 103 ms] | 150 ms [149 ms to 155 ms] | +50.0 % | p=0.002 n=6+6 | 100 % of pairs"},
		{"a little faster, within the noise", compare.Row{Old: many(100, 98, 103), New: many(99, 97, 104), Delta: ptr(-0.01), P: ptr(0.4), Larger: ptr(0.45), Difference: compare.NoEvidence},
			"100 ms [98 ms to 103 ms] | 99 ms [97 ms to 104 ms] | ~ | p=0.400 n=6+6 | 45 % of pairs"},
		{"the same in every run", compare.Row{Old: many(100, 100, 100), New: many(100, 100, 100), Delta: ptr(0.0), Difference: compare.NoEvidence},
			"100 ms ± 0 | 100 ms ± 0 | ~ | – | –"},
		{"one run a side: shown, not tested", compare.Row{Old: one, New: compare.Summary{N: 1, Center: ptr(80.0)}, Delta: ptr(-0.2), Difference: compare.NoEvidence},
			"100 ms | 80 ms | -20.0 % | – | –"},
		{"not measured after", compare.Row{Old: one, Difference: compare.Unclear}, "100 ms | not measured | – | – | –"},
		{"it never fell", compare.Row{Old: one, New: compare.Summary{N: 1, Failed: 1}, Difference: compare.Worse}, "100 ms | never | – | – | –"},
		{"from nothing", compare.Row{Old: compare.Summary{N: 1, Center: ptr(0.0)}, New: one, Difference: compare.NoEvidence}, "0 ms | 100 ms | ~ | – | –"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.row.Unit = result.UnitMS
			got := newComparisonRow(row.row)
			require.Equal(t, row.want, spaced(strings.Join([]string{got.Old, got.New, got.Change, got.Test, got.Larger}, " | ")))
		})
	}
}

// Each difference has a sign of its own: nobody has to tell colours apart.
func TestDifferencesHaveSigns(t *testing.T) {
	marks, classes := map[string]bool{}, map[string]bool{}
	for d, word := range map[compare.Difference]string{
		compare.Worse: "WORSE", compare.Better: "BETTER", compare.Unclear: "NOT COMPARED", compare.NoEvidence: "NO EVIDENCE",
	} {
		b := badgeOfDifference(d)
		require.Equal(t, word, b.Word)
		require.NotEmpty(t, b.Mark)
		marks[b.Mark], classes[b.Class] = true, true
	}
	require.Len(t, marks, 4)
	require.Len(t, classes, 4)
	require.Equal(t, "fail", badgeOfDifference(compare.Worse).Class)
}

func TestAComparisonIsTold(t *testing.T) {
	c := &compare.Comparison{
		Difference: compare.Worse, Reason: "search/x: latency is larger", Rules: compare.Rules{Alpha: 0.05, Least: 0.1}, Notes: []string{"another machine"},
		Old: compare.Side{Runs: []compare.Ref{{ID: "a", Verdict: result.Pass}, {ID: "b", Verdict: result.NotExercised}}},
		New: compare.Side{Runs: []compare.Ref{{ID: "c", Verdict: result.Fail}}},
		Rows: []compare.Row{
			{Name: "p99", Difference: compare.Worse}, {Name: "p50", Difference: compare.NoEvidence}, {Name: "rss", Difference: compare.NoEvidence},
			{Name: "calls", Difference: compare.Unclear},
		},
		Distributions: []compare.Distribution{
			{Scenario: "search/x", Stream: "search", NOld: 1000, NNew: 1, Old: []chart.Quantile{{Q: 0.5, MS: 10}, {Q: 0.9, MS: 20}}},
			{Scenario: "search/x", Stream: "nothing was sent"},
		},
	}
	v := OfComparison(c)
	require.Equal(t, "WORSE – Holdfast comparison", v.Title)
	require.Equal(t, []string{"1 worse", "1 not compared", "2 no evidence"}, strings.Split(spaced(strings.Join(v.Tally, "\n")), "\n"), "worst first, and nothing of which there is none")
	require.Equal(t, "2 runs: a (pass), b (not exercised)", spaced(v.Facts[0].Value))
	require.Equal(t, "1 run: c (fail)", spaced(v.Facts[1].Value))
	require.Len(t, v.Distributions, 1, "what has no curve is not drawn")
	require.Equal(t, "search/x, search", v.Distributions[0].Name)
	require.Len(t, v.Rows, 4)
	require.Contains(t, spaced(strings.Join(v.Method, "\n")), "is under 0.05 and the median changed by at least 10 %")

	c.Old.Runs = c.Old.Runs[:1]
	require.Len(t, OfComparison(c).Method, 1)
	require.Contains(t, OfComparison(c).Method[0], "One run a side: only a check whose verdict changed counts.")
}

// A run's own words can't hide what they are.
func TestAComparisonShowsHostileTextAsItIs(t *testing.T) {
	c := &compare.Comparison{Reason: "a\u202eb", Rows: []compare.Row{{Name: "x\x1b[2J"}}}
	v := OfComparison(c)
	require.NotContains(t, v.Sentence, "\u202e")
	require.NotContains(t, v.Rows[0].Name, "\x1b")
	require.Equal(t, "a\u202eb", c.Reason, "the comparison itself stays as it was")
}
