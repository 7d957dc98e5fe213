package reports

import (
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// proof is what a detection matrix is shown as: drawn, and told cell by cell.
type proof struct {
	Counts   string
	Matrices []matrix
	TooLarge bool           // to be drawn
	Open     []detectionRow // cells that are not as they should be
	Settled  []detectionRow // those that are
}

type detectionRow struct {
	Without, Expected, CaughtBy, Check, Outcome, Reason string
	Verdict                                             badge
}

func newProof(run *result.Run) *proof {
	if len(run.Detections) == 0 {
		return nil
	}
	p := &proof{Counts: proofCounts(run), Matrices: newMatrices(run.Detections)}
	p.TooLarge = len(p.Matrices) == 0
	for _, d := range detectionsWorstFirst(run) {
		r := detectionRow{
			Without: withoutText(d), Expected: d.Expected, CaughtBy: strings.Join(d.CaughtBy, ", "), Check: d.Check,
			Outcome: outcomeText(d), Reason: d.Reason, Verdict: badgeOf(d.Verdict),
		}
		if d.Verdict == result.Pass {
			p.Settled = append(p.Settled, r)
		} else {
			p.Open = append(p.Open, r)
		}
	}
	return p
}

// withoutText is what was taken away.
func withoutText(d result.Detection) string {
	if d.Without == "" {
		return "nothing (the intact target)"
	}
	return d.Without
}

// detectionReason is what became of a cell of the matrix, and why.
func detectionReason(d result.Detection) string { return join(": ", outcomeText(d), d.Reason) }

func join(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}

// hasProvenChecks reports whether any check of the run knows that it was seen to fail.
// Where none does, nothing was proved, and nothing is said about any.
func hasProvenChecks(run *result.Run) bool {
	return slices.ContainsFunc(run.Scenarios, func(s result.Scenario) bool {
		return slices.ContainsFunc(s.Checks, func(c result.Check) bool { return c.Seen != nil })
	})
}

// seen says when a check was proved able to fail.
func seen(c result.Check) string {
	switch {
	case c.Exercise:
		return "Says whether the experiment did what it is about: it is never failed"
	case c.Seen == nil:
		return "Unproven: never seen to fail"
	default:
		return "Seen to fail without " + c.Seen.Without + " on " + c.Seen.At
	}
}

// unprovenText says how many checks that can fail were never seen to, where
// anything was proved at all.
func unprovenText(run *result.Run) string {
	if !hasProvenChecks(run) {
		return ""
	}
	var unproven, checks int64
	for _, s := range run.Scenarios {
		for _, c := range s.Checks {
			if c.Exercise {
				continue
			}
			checks++
			if c.Seen == nil {
				unproven++
			}
		}
	}
	return count(unproven) + " of " + plural(int(checks), "check was", "checks were") + " never seen to fail (unproven); the HTML report marks them."
}

// proofSuite has a case for each cell of the detection matrix.
func proofSuite(run *result.Run) xmlSuite {
	suite := xmlSuite{Name: "proof", Time: "0", Timestamp: xmlTime(run.Started)}
	for _, d := range run.Detections {
		name := "intact: " + d.Expected
		if d.Without != "" {
			name = join(": ", "without "+d.Without, d.Expected)
		}
		c := verdictCase("proof", name, d.Verdict, detectionReason(d))
		for _, p := range []*xmlProblem{c.Failure, c.Error} {
			if p != nil && d.Outcome != "" {
				p.Type = string(d.Outcome)
			}
		}
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}
