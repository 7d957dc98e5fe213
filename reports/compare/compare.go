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
	"holdfast.dev/holdfast/reports/chart"
)

// Outcome is what a comparison comes to. The zero value is none.
type Outcome string

// The outcomes. [Unclear] is no success: what held before was not shown again.
const (
	Better     Outcome = "better"
	Worse      Outcome = "worse"
	NoEvidence Outcome = "no evidence"
	Unclear    Outcome = "not compared"
)

// Rules are how large a change has to be to count.
type Rules struct {
	// Alpha is the rate of false discoveries that is accepted. Defaults to 0.05.
	Alpha float64
	// Least is the smallest change of a median that counts, as a share of the
	// old one; a smaller one is real, perhaps, but nobody's concern. 0 counts all.
	Least float64
}

// DefaultAlpha is the usual level of tests.
const DefaultAlpha = 0.05

// Validate says what is wrong with the rules.
func (r Rules) Validate() error {
	if !(r.Alpha > 0 && r.Alpha < 1) {
		return fmt.Errorf("alpha %v: want more than 0 and less than 1", r.Alpha)
	}
	if !(r.Least >= 0) {
		return fmt.Errorf("least change %v: want 0 or more", r.Least)
	}
	return nil
}

// Comparison is two sides held against each other.
type Comparison struct {
	Old, New      Side
	Rules         Rules
	Outcome       Outcome // of the whole: the first of worse, not compared, better that any row has
	Reason        string
	Rows          []Row // worst first, then in the order of the runs
	Distributions []Distribution
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

// Row is one quantity on both sides.
type Row struct {
	Scenario string
	Name     string // the check, or the percentile of a stream's latency
	Unit     string
	Limit    string // of a check
	Old, New Summary
	// Delta is the change of the median as a share of the old one. Absent where
	// one of them was not measured, or the old one is 0.
	Delta *float64
	// P is the chance of a difference this clear between runs of the same thing;
	// Q is P corrected for the number of rows. Absent where nothing was tested.
	P, Q *float64
	// Larger is the effect's size: the share of pairs of runs in which the new
	// value is the larger, ties by half. 0.5 is no effect.
	Larger  *float64
	Outcome Outcome
	Reason  string

	badOld, badNew   []float64 // values turned so that less is better
	failOld, failNew []float64 // 1 for each run in which the check failed, else 0
}

// Summary is one row's values on one side.
type Summary struct {
	N      int // runs in which a valid experiment measured it
	Failed int // of these, in how many the check failed
	Center *float64
	// Lo and Hi are the interval of the median at 95 %, with enough runs for one.
	Lo, Hi *float64

	raw []float64 // a value of each run that has one
}

// Distribution is a stream's latency on both sides, all runs of a side together.
type Distribution struct {
	Scenario, Stream string
	Old, New         []chart.Quantile
	NOld, NNew       int64 // requests
}

// Runs compares. Neither side may be empty.
func Runs(before, after []*result.Run, rules Rules) (Comparison, error) {
	if err := rules.Validate(); err != nil {
		return Comparison{}, err
	}
	if len(before) == 0 || len(after) == 0 {
		return Comparison{}, fmt.Errorf("compare %d runs with %d: need at least one on each side", len(before), len(after))
	}
	c := Comparison{Old: sideOf(before), New: sideOf(after), Rules: rules, Notes: unlike(before, after)}
	latencies, distributions := latencyRows(before, after)
	c.Rows, c.Distributions = append(checkRows(before, after), latencies...), distributions
	judge(c.Rows, rules)
	c.conclude()
	return c, nil
}

func sideOf(runs []*result.Run) Side {
	var s Side
	for _, r := range runs {
		s.Runs = append(s.Runs, Ref{r.ID, r.Started, r.Verdict})
	}
	return s
}
