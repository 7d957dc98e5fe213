package manifest

import (
	"fmt"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/nearest"
)

// checks compiles what must hold.
func (c *compiler) checks(path string, s Scenario, out *harness.Scenario) {
	if len(s.Checks) == 0 && s.Ledger == nil && len(s.Invariants) == 0 {
		c.report.Say(path+".checks", "it checks nothing, so it could not fail")
	}
	for j, check := range s.Checks {
		at := fmt.Sprintf("%s.checks[%d]", path, j)
		text := check.Text
		if text == "" {
			text = check.Check
		}
		parsed, err := verdict.ParseCheck(text)
		if err != nil {
			c.report.Say(at, "%v", err)
			continue
		}
		if check.Because != "" {
			parsed.Why = check.Because
		}
		parsed.Primary = parsed.Primary || check.Primary
		parsed.Abort = check.Abort
		for _, name := range parsed.Protections {
			c.guarded(at, name, s)
		}
		out.Checks = append(out.Checks, parsed)
	}
}

// guarded reports a protection that a check guards and the scenario does not claim.
func (c *compiler) guarded(path, name string, s Scenario) {
	for _, claimed := range s.Protections {
		if claimed == name {
			return
		}
	}
	c.report.Say(path, "it guards %s, which is not among the scenario's protections%s", name, nearest.Hint(name, s.Protections))
}
