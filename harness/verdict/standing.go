package verdict

import (
	"fmt"

	"holdfast.dev/holdfast/harness/result"
)

// OfFinding is the check that a standing check comes to: none of what it looked at
// may be other than it should be. Where it looked at nothing it is not exercised,
// which decides nothing: see [Decisive]. detail is what was found, what is worth
// to know where nothing was, or why nothing was looked at.
func OfFinding(name, about string, looked, broken int64, detail string) result.Check {
	n := float64(broken)
	c := result.Check{
		Name: "standing: " + name, Metric: "standing." + name, Op: string(Equals), Unit: result.UnitCount, Samples: looked,
		Why: about, Standing: true, Verdict: result.NotExercised, Reason: detail,
	}
	if looked == 0 {
		return c
	}
	c.Value, c.Verdict = &n, result.Pass
	c.Reason = fmt.Sprintf("all %s that were looked at are as they should be", result.Number(float64(looked)))
	if broken == 0 && detail != "" {
		c.Reason += "; " + detail
	}
	if broken > 0 {
		c.Verdict = result.Fail
		c.Reason = fmt.Sprintf("%s of %s that were looked at: %s", result.Number(n), result.Number(float64(looked)), detail)
	}
	return c
}

// Silent reports whether a check decides nothing: a standing check, which nobody
// asked for, where there was nothing that it could look at.
func Silent(c result.Check) bool { return c.Standing && c.Verdict == result.NotExercised }
