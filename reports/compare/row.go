package compare

import "fmt"

// Difference is what a comparison comes to. The zero value is none.
type Difference string

// The differences. [Unclear] is no success: what held before was not shown again.
const (
	Better     Difference = "better"
	Worse      Difference = "worse"
	NoEvidence Difference = "no evidence"
	Unclear    Difference = "not compared"
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
	Larger     *float64
	Difference Difference
	Reason     string

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
