package result

import (
	"fmt"
	"slices"
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
	// Verdict is pass where the promise holds, fail where it was measured and does not.
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// MemoryTrace is how a target's memory went in one run of a promise, up to its end.
type MemoryTrace struct {
	Side   string `json:"side"` // SideBefore or SideAfter
	Memory Series `json:"memory"`
	Ends   []End  `json:"ends"`
}

// The sides of a promise.
const (
	SideBefore = "before"
	SideAfter  = "after"
)

// Conclude draws the conclusion from BeforeAll, AfterAll and Promised.
func (g *Gain) Conclude() {
	if len(g.BeforeAll) == 0 || len(g.AfterAll) == 0 {
		g.Verdict, g.Reason = Inconclusive, "not measured on both sides"
		if g.Problem != "" {
			g.Reason = g.Problem
		}
		return
	}
	before, after := median(g.BeforeAll), median(g.AfterAll)
	g.Before, g.After = &before, &after
	if slices.Min(g.BeforeAll) <= 0 {
		g.Verdict, g.Reason = NotExercised, "there was nothing to gain: it was "+Format(before, g.Unit)+" without the protections already"
		return
	}
	gain := 1 - after/before
	least := 1 - slices.Max(g.AfterAll)/slices.Min(g.BeforeAll)
	most := 1 - slices.Min(g.AfterAll)/slices.Max(g.BeforeAll)
	g.Share, g.GainLeast, g.GainMost = &gain, &least, &most
	g.Reason = fmt.Sprintf("%s measured (%s), %s promised", g.GainText(), g.IntervalText(), g.PromisedText())
	switch {
	case least >= g.Promised:
		g.Verdict = Pass
	case most < g.Promised:
		g.Verdict = Fail
	default:
		g.Verdict = Inconclusive
	}
	if g.Problem != "" {
		g.Verdict = Worst(g.Verdict, Inconclusive)
		g.Reason += "; " + g.Problem
	}
}

// GainText is what went away by the medians, as a change: "−97 %". Empty: not measured.
func (g Gain) GainText() string {
	if g.Share == nil {
		return ""
	}
	return change(*g.Share)
}

// PromisedText is the gain that was promised, written like GainText.
func (g Gain) PromisedText() string { return change(g.Promised) }

// IntervalText is between what and what the gain lies, in how many runs. Empty:
// not measured.
func (g Gain) IntervalText() string {
	if g.GainLeast == nil || g.GainMost == nil {
		return ""
	}
	return fmt.Sprintf("%s to %s in %d runs a side", change(*g.GainLeast), change(*g.GainMost), len(g.AfterAll))
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
