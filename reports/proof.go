package reports

import (
	"slices"
	"strings"

	"holdfast/harness/result"
)

// claimName is a claim with the size at which it was measured.
func claimName(c result.Claim) string {
	if len(c.Where) == 0 {
		return c.Name
	}
	return c.Name + " (" + result.Words(c.Where) + ")"
}

// claimReason is what came of a claim, with what else was seen.
func claimReason(c result.Claim) string { return join("; ", c.Reason, c.Evidence) }

// detectionReason is what became of a cell of the matrix, and why.
func detectionReason(d result.Detection) string { return join(": ", string(d.Outcome), d.Reason) }

func join(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}

// hasTeeth reports whether any check of the run knows that it was seen to fail.
// Where none does, nothing was proved, and nothing is said about any.
func hasTeeth(run *result.Run) bool {
	return slices.ContainsFunc(run.Scenarios, func(s result.Scenario) bool {
		return slices.ContainsFunc(s.Checks, func(c result.Check) bool { return c.Seen != nil })
	})
}

// seen says when a check was proved able to fail.
func seen(c result.Check) string {
	if c.Seen == nil {
		return "Unproven: never seen to fail"
	}
	return "Seen to fail without " + c.Seen.Without + " on " + c.Seen.At
}

// curveTable is a curve as a table: a row for each size.
type curveTable struct {
	Name, X string
	Rows    []curveRow
}

type curveRow struct{ X, Before, After string }

func newCurve(c result.Curve) curveTable {
	t := curveTable{Name: c.Name, X: c.X}
	for _, p := range c.Points {
		t.Rows = append(t.Rows, curveRow{result.Number(p.X), optional(p.Before, c.Unit), optional(p.After, c.Unit)})
	}
	return t
}

func markdownCurves(b *strings.Builder, run *result.Run) {
	for _, c := range run.Curves {
		var rows [][]string
		for _, r := range newCurve(c).Rows {
			rows = append(rows, []string{r.X, inline(r.Before), inline(r.After)})
		}
		table(b, inline(c.Name), []string{inline(c.X), "Before", "After"}, "rrr", rows)
	}
}

// proofSuite has a case for each cell of the detection matrix.
func proofSuite(run *result.Run) xmlSuite {
	suite := xmlSuite{Name: "proof", Time: "0", Timestamp: xmlTime(run.Started)}
	for _, d := range run.Detections {
		name := "intact: " + d.Expected
		if d.Without != "" {
			name = join(": ", "without "+d.Without, d.Expected)
		}
		suite.Cases = append(suite.Cases, verdictCase("proof", name, d.Verdict, detectionReason(d)))
	}
	return suite
}
