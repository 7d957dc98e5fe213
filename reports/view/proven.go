package view

import (
	"slices"

	"holdfast.dev/holdfast/harness/result"
)

// hasProvenChecks reports whether any check of the run knows that it was seen to fail.
// Where none does, nothing was proved, and nothing is said about any.
func hasProvenChecks(run *result.Run) bool {
	return slices.ContainsFunc(run.Scenarios, func(s result.Scenario) bool {
		return slices.ContainsFunc(s.Checks, func(c result.Check) bool { return c.Seen != nil })
	})
}

// unprovenText says how many checks that can fail were never seen to.
func unprovenText(run *result.Run) string {
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
	return count(unproven) + " of " + Plural(int(checks), "check was", "checks were") + " never seen to fail (unproven); the HTML report marks them."
}
