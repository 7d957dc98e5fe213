package result

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Gain is one promise of gain, measured: the same load against the target
// without the protections and with them.
type Gain struct {
	Name     string            `json:"name"`            // what is promised, for example "search: latency"
	Claimed  string            `json:"claimed"`         // in the source's own words
	Where    map[string]string `json:"where,omitempty"` // at which size, for example projects: 10000
	Scenario string            `json:"scenario,omitempty"`
	Metric   string            `json:"metric,omitempty"`
	Unit     string            `json:"unit,omitempty"`
	// Before is the median of the metric without the protections, After with
	// them. Absent: not measured.
	Before *float64 `json:"before,omitempty"`
	After  *float64 `json:"after,omitempty"`
	// BeforeAll and AfterAll are all that was measured, in order.
	BeforeAll []float64 `json:"before_all,omitempty"`
	AfterAll  []float64 `json:"after_all,omitempty"`
	// Promised is the share that was promised to go away, 0.9 being −90 %.
	// Gain is what did by the medians, GainLeast and GainMost by the pairs that
	// are the worst and the best for it.
	Promised  float64  `json:"promised,omitempty"`
	Share     *float64 `json:"gain,omitempty"`
	GainLeast *float64 `json:"gain_least,omitempty"`
	GainMost  *float64 `json:"gain_most,omitempty"`
	// AfterVerdict is that of the scenario with all protections.
	AfterVerdict Verdict `json:"after_verdict,omitempty"`
	// Memory are how the target's memory went in the first run of each side,
	// where it had a limit.
	Memory []MemoryTrace `json:"memory,omitempty"`
	// Evidence is what else was seen, for example that the kernel killed it.
	Evidence string `json:"evidence,omitempty"`
	// Problem is why a figure is missing.
	Problem string `json:"problem,omitempty"`
	// Verdict is pass where the claim holds, fail where it was measured and does not.
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// MemoryTrace is how a target's memory went in one run of a claim, up to its end.
type MemoryTrace struct {
	Side   string `json:"side"` // SideBefore or SideAfter
	Memory Series `json:"memory"`
	Ends   []End  `json:"ends"`
}

// The sides of a claim.
const (
	SideBefore = "before"
	SideAfter  = "after"
)

// Conclude draws the conclusion from BeforeAll, AfterAll and Promised.
func (c *Gain) Conclude() {
	if len(c.BeforeAll) == 0 || len(c.AfterAll) == 0 {
		c.Verdict, c.Reason = Inconclusive, "not measured on both sides"
		if c.Problem != "" {
			c.Reason = c.Problem
		}
		return
	}
	before, after := median(c.BeforeAll), median(c.AfterAll)
	c.Before, c.After = &before, &after
	if slices.Min(c.BeforeAll) <= 0 {
		c.Verdict, c.Reason = NotExercised, "there was nothing to gain: it was "+Format(before, c.Unit)+" without the protections already"
		return
	}
	gain := 1 - after/before
	least := 1 - slices.Max(c.AfterAll)/slices.Min(c.BeforeAll)
	most := 1 - slices.Min(c.AfterAll)/slices.Max(c.BeforeAll)
	c.Share, c.GainLeast, c.GainMost = &gain, &least, &most
	c.Reason = fmt.Sprintf("%s measured (%s), %s promised", c.GainText(), c.IntervalText(), c.PromisedText())
	switch {
	case least >= c.Promised:
		c.Verdict = Pass
	case most < c.Promised:
		c.Verdict = Fail
	default:
		c.Verdict = Inconclusive
	}
	if c.Problem != "" {
		c.Verdict = Worst(c.Verdict, Inconclusive)
		c.Reason += "; " + c.Problem
	}
}

// GainText is what went away by the medians, as a change: "−97 %". Empty: not measured.
func (c Gain) GainText() string {
	if c.Share == nil {
		return ""
	}
	return change(*c.Share)
}

// PromisedText is the gain that was promised, written like GainText.
func (c Gain) PromisedText() string { return change(c.Promised) }

// IntervalText is between what and what the gain lies, in how many runs. Empty:
// not measured.
func (c Gain) IntervalText() string {
	if c.GainLeast == nil || c.GainMost == nil {
		return ""
	}
	return fmt.Sprintf("%s to %s in %d runs a side", change(*c.GainLeast), change(*c.GainMost), len(c.AfterAll))
}

// change writes a share that went away; one that came on top has a plus.
func change(gone float64) string {
	if gone < 0 {
		return fmt.Sprintf("+%.4g %%", -gone*100)
	}
	return fmt.Sprintf("−%.4g %%", gone*100)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Words writes a few facts as one text, sorted: "oracles 100, projects 10000".
func Words(facts map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		parts = append(parts, name+" "+facts[name])
	}
	return strings.Join(parts, ", ")
}

// Curve is how one metric grows with the size of something, without the
// protections and with them: what "good for millions" means.
type Curve struct {
	Name   string       `json:"name"` // for example "search: memory"
	X      string       `json:"x"`    // what grows, for example projects
	Unit   string       `json:"unit"` // of the metric
	Points []CurvePoint `json:"points"`
}

// CurvePoint is one size. Absent: not measured.
type CurvePoint struct {
	X      float64  `json:"x"`
	Before *float64 `json:"before,omitempty"`
	After  *float64 `json:"after,omitempty"`
}

// Detection is one cell of the detection matrix: what became of one scenario
// when one protection was taken away. Nothing is taken away in the cells of the
// intact target, whose Without is empty.
type Detection struct {
	Without string `json:"without"`
	// Expected names the scenario that should catch it, CaughtBy those that did.
	Expected string   `json:"expected,omitempty"`
	CaughtBy []string `json:"caught_by,omitempty"`
	Check    string   `json:"check,omitempty"` // the check that failed
	// Failed lists every check that failed, by [Check.Key].
	Failed  []string `json:"failed,omitempty"`
	Outcome Outcome  `json:"outcome,omitempty"`
	// Verdict is pass where the mutant was caught by the scenario that was to
	// catch it, for the stated reason, and where the intact target passed.
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// Outcome is what became of one cell of the detection matrix.
type Outcome string

// The outcomes.
const (
	OutcomeIntact       Outcome = "intact"           // the control run
	OutcomeFalseAlarm   Outcome = "false alarm"      // the intact target failed
	OutcomeCaught       Outcome = "caught"           // by a check that guards the protection
	OutcomeOtherReason  Outcome = "caught otherwise" // by a check that does not
	OutcomeMissed       Outcome = "missed"           // everything passed
	OutcomeNotExercised Outcome = "not exercised"    // the cell shows nothing
	OutcomeNoControl    Outcome = "no control"       // the intact target did not pass either
	OutcomeUnguarded    Outcome = "unguarded"        // nobody watches the protection
)

// Outcomes lists all outcomes.
func Outcomes() []Outcome {
	return []Outcome{OutcomeIntact, OutcomeFalseAlarm, OutcomeCaught, OutcomeOtherReason, OutcomeMissed, OutcomeNotExercised, OutcomeNoControl, OutcomeUnguarded}
}

// Reevaluation says that the verdicts of a run were found after it, from its
// data, by other limits than it had.
type Reevaluation struct {
	By      string   `json:"by"` // the file with the limits
	Changes []Change `json:"changes"`
}

// Change is a check that was held against another limit, or a new one.
type Change struct {
	Scenario string `json:"scenario"`
	Check    string `json:"check"`
	OldLimit string `json:"old_limit"` // empty: the run had no such check
	NewLimit string `json:"new_limit"`
	// Was and Is are its verdicts; Was is empty where there was no check.
	Was Verdict `json:"was,omitempty"`
	Is  Verdict `json:"is,omitempty"`
}
