package verdict

import (
	"cmp"

	"holdfast.dev/holdfast/harness/result"
)

// UnexpectedEnds is the metric that counts how often the target ended by itself.
const UnexpectedEnds = "target.unexpected_ends"

// Decisive is the check that the verdict of a scenario rests on: the one to name
// wherever one is named. It is one with the worst verdict; among these what
// explains the others comes first (evidence that did not hold, then a target that
// ended by itself; last what no scenario asked for, the standing checks), then the
// primary check, then the one with the least headroom, then the first.
//
// Evidence that held decides nothing, nor does a standing check that had nothing to
// look at. It returns a pointer into the lists, nil
// when there is nothing to decide by.
func Decisive(checks, evidence []result.Check) *result.Check {
	var best *candidate
	consider := func(c *result.Check, explains int) {
		if next := (candidate{c, explains}); best == nil || next.compare(*best) < 0 {
			best = &next
		}
	}
	for i := range evidence {
		if evidence[i].Verdict != result.Pass {
			consider(&evidence[i], 2)
		}
	}
	for i := range checks {
		switch {
		case Silent(checks[i]):
		case checks[i].Metric == UnexpectedEnds:
			consider(&checks[i], 1)
		case checks[i].Standing:
			consider(&checks[i], -1)
		default:
			consider(&checks[i], 0)
		}
	}
	if best == nil {
		return nil
	}
	return best.check
}

// candidate is a check that may decide.
type candidate struct {
	check    *result.Check
	explains int // how far it explains that others did not pass
}

// compare puts the one that decides first.
func (a candidate) compare(b candidate) int {
	explains := cmp.Compare(b.explains, a.explains)
	if a.check.Verdict == result.Pass {
		explains = 0 // there is nothing to explain
	}
	return cmp.Or(Compare(a.check.Verdict, b.check.Verdict), explains,
		cmp.Compare(primaryRank(*a.check), primaryRank(*b.check)), cmp.Compare(headroomRank(*b.check), headroomRank(*a.check)))
}

func primaryRank(c result.Check) int {
	if c.Primary {
		return 0
	}
	return 1
}

// headroomRank orders checks by how much of their limit is used. One of which
// that can't be said comes after all others.
func headroomRank(c result.Check) float64 {
	if used, ok := LimitUsed(c); ok {
		return used
	}
	return -1
}

// Compare puts the worse verdict first.
func Compare(a, b result.Verdict) int {
	switch {
	case a.Worse(b):
		return -1
	case b.Worse(a):
		return 1
	default:
		return 0
	}
}
