package main

import (
	"cmp"
	"fmt"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/reports/visible"
)

// summary prints a line a scenario: its verdict, how long it took, and the check that
// decides with what it measured and its limit.
func (v *view) summary(scenarios []result.Scenario) {
	if len(scenarios) < 2 {
		return // its one line was said, and why
	}
	longest := 0
	for _, s := range scenarios {
		longest = max(longest, len([]rune(s.Name)))
	}
	columns := v.width()
	longest = min(longest, columns/2)
	for _, s := range scenarios {
		line := padded(s.Name, longest) + fmt.Sprintf("  %4.0f s", s.DurationS)
		if c := verdict.Decisive(s.Checks, s.Evidence); c != nil {
			line += "  " + decided(*c)
		}
		v.verdict(s.Verdict, "%s", cut(visible.Text(line), columns-len(s.Verdict.Label())-5))
	}
	fmt.Fprintln(v.out)
}

// decided is what a check measured, and its limit; why, where nothing was measured.
func decided(c result.Check) string {
	if c.Value == nil {
		return cmp.Or(c.Reason, verdict.Subject(c))
	}
	return verdict.Subject(c) + " " + result.Format(*c.Value, c.Unit) + " (" + verdict.LimitText(c) + ")"
}
