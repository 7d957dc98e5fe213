package reports

import (
	"cmp"
	"slices"

	"holdfast.dev/holdfast/harness/result"
)

// verdictOf is the verdict to show for a whole run. Of a run that did not reach
// its end only a failure is proven.
func verdictOf(run *result.Run) result.Verdict {
	verdicts := make([]result.Verdict, 0, len(run.Scenarios)+1)
	for _, s := range run.Scenarios {
		verdicts = append(verdicts, verdictOfScenario(s))
	}
	for _, d := range run.Detections {
		verdicts = append(verdicts, d.Verdict)
	}
	for _, c := range run.Gains {
		verdicts = append(verdicts, c.Verdict)
	}
	if run.Complete {
		if len(verdicts) == 0 {
			verdicts = append(verdicts, result.NotExercised)
		}
		return result.Worst(append(verdicts, run.Verdict)...)
	}
	if run.Verdict == result.Fail || slices.Contains(verdicts, result.Fail) {
		return result.Fail
	}
	return ""
}

// verdictOfScenario is the scenario's verdict, or that of a check of it if that
// is worse. It is empty while there is none.
func verdictOfScenario(s result.Scenario) result.Verdict {
	v := s.Verdict
	for _, list := range [][]result.Check{s.Checks, s.Evidence} {
		for _, c := range list {
			if c.Verdict == result.Fail || c.Verdict.Worse(v) {
				v = result.Worst(v, c.Verdict)
			}
		}
	}
	if s.Error != "" && v == result.Pass {
		return result.Inconclusive
	}
	return v
}

// decisive returns the check that decides a scenario's verdict: of those with
// the worst verdict the primary one, else the one with the least headroom.
// Evidence counts only when it did not hold, and then before any check: it is
// what made the checks inconclusive.
func decisive(s result.Scenario) (result.Check, bool) {
	var candidates []result.Check
	for _, c := range s.Evidence {
		if c.Verdict != result.Pass {
			c.Primary = true
			candidates = append(candidates, c)
		}
	}
	candidates = append(candidates, s.Checks...)
	if len(candidates) == 0 {
		return result.Check{}, false
	}
	return slices.MinFunc(candidates, func(a, b result.Check) int {
		if order := compareVerdicts(a.Verdict, b.Verdict); order != 0 {
			return order
		}
		if a.Primary != b.Primary {
			if a.Primary {
				return -1
			}
			return 1
		}
		return cmp.Compare(headroomRank(b), headroomRank(a))
	}), true
}

// compareVerdicts puts the worse first.
func compareVerdicts(a, b result.Verdict) int {
	switch {
	case a.Worse(b):
		return -1
	case b.Worse(a):
		return 1
	default:
		return 0
	}
}

// worstFirst returns the scenarios' indices, worst verdict first, then the
// least headroom, then in the order in which they ran.
func worstFirst(scenarios []result.Scenario) []int {
	order := make([]int, len(scenarios))
	rank := make([]float64, len(scenarios))
	for i, s := range scenarios {
		order[i] = i
		if c, ok := decisive(s); ok {
			rank[i] = headroomRank(c)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if o := compareVerdicts(verdictOfScenario(scenarios[a]), verdictOfScenario(scenarios[b])); o != 0 {
			return o
		}
		return cmp.Compare(rank[b], rank[a])
	})
	return order
}

// headroomRank orders checks by how much of their limit is used. One of which
// that can't be said comes after all others.
func headroomRank(c result.Check) float64 {
	if used, ok := limitUsed(c); ok {
		return used
	}
	return -1
}

// limitUsed is which part of its limit a check used: 1 is at the limit, more is
// past it, whichever side the limit is on. ok is false where it means nothing:
// nothing was measured in a valid experiment, or the limit is an exact number.
func limitUsed(c result.Check) (used float64, ok bool) {
	if c.Value == nil || (c.Verdict != result.Pass && c.Verdict != result.Fail) {
		return 0, false
	}
	v := *c.Value
	switch c.Op {
	case "<=", "<", "falls_to":
		return share(v, c.Threshold)
	case ">=", ">":
		return share(c.Threshold, v)
	case "between":
		if c.Upper == nil {
			return 0, false
		}
		high, okHigh := share(v, *c.Upper)
		low, okLow := share(c.Threshold, v)
		return max(high, low), okHigh && okLow
	default:
		return 0, false
	}
}

// share is a/b, bounded, and nothing where it would not be a meaningful ratio.
func share(a, b float64) (float64, bool) {
	const most = 1000
	switch {
	case !(a >= 0) || !(b >= 0):
		return 0, false
	case a == 0 && b == 0:
		return 0, false
	case b == 0:
		return most, true
	default:
		return min(a/b, most), true
	}
}
