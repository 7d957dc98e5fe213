// Package compare says what changed between two sides of a comparison, each of
// one or more runs: better, worse, or no evidence of either.
//
// Enter at [Runs]. With several runs a side, values are compared as benchstat
// compares them: medians with an interval, the rank test of Mann and Whitney,
// and the effect's size. As many rows are compared at once, chance alone makes
// some look changed; therefore a row's verdict rests on the p-value corrected
// for that (Benjamini and Hochberg). With one run a side only verdicts can
// change: what differs between two runs is not known to differ between two
// versions.
//
// Only what a valid experiment measured is compared. The package draws nothing.
package compare

import (
	"fmt"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Comparison is two sides held against each other.
type Comparison struct {
	Old, New      Side
	Rules         Rules
	Difference    Difference // of the whole: the first of worse, not compared, better that any row has
	Reason        string
	Rows          []Row // worst first, then in the order of the runs
	Distributions []Distribution
	Courses       []Course // of scenarios that both sides recorded over time
	Notes         []string // what makes the sides unlike, apart from what is compared
}

// Side is the runs of one side, oldest first.
type Side struct{ Runs []Ref }

// Ref names one run.
type Ref struct {
	ID      string
	Started time.Time
	Verdict result.Verdict
}

// Runs compares. Neither side may be empty.
func Runs(before, after []*result.Run, rules Rules) (Comparison, error) {
	if err := rules.Validate(); err != nil {
		return Comparison{}, err
	}
	if len(before) == 0 || len(after) == 0 {
		return Comparison{}, fmt.Errorf("compare %d runs with %d: need at least one on each side", len(before), len(after))
	}
	c := Comparison{Old: sideOf(before), New: sideOf(after), Rules: rules, Notes: unlike(before, after), Courses: courses(before, after)}
	latencies, distributions := latencyRows(before, after)
	c.Rows, c.Distributions = append(checkRows(before, after), latencies...), distributions
	judge(c.Rows, rules)
	c.conclude()
	return c, nil
}

func sideOf(runs []*result.Run) Side {
	var s Side
	for _, r := range runs {
		shown, _ := verdict.ShownRun(r)
		s.Runs = append(s.Runs, Ref{r.ID, r.Started, shown})
	}
	return s
}

// conclude sums the rows up.
func (c *Comparison) conclude() {
	counts := map[Difference]int{}
	for _, r := range c.Rows {
		counts[r.Difference]++
	}
	c.Difference = NoEvidence
	for _, o := range []Difference{Better, Unclear, Worse} {
		if counts[o] > 0 {
			c.Difference = o
		}
	}
	if len(c.Rows) == 0 {
		c.Difference, c.Reason = Unclear, "Neither side judged anything: there is nothing to compare."
		return
	}
	first := c.Rows[0]
	switch c.Difference {
	case NoEvidence:
		c.Reason = fmt.Sprintf("No evidence of a change in any of %d rows.", len(c.Rows))
	default:
		c.Reason = first.Scenario + ": " + first.Name + " is " + string(first.Difference)
		if first.Reason != "" {
			c.Reason += " (" + first.Reason + ")"
		}
		c.Reason += "."
		if n := counts[c.Difference] - 1; n > 0 {
			c.Reason += fmt.Sprintf(" So are %d more rows.", n)
		}
	}
}
