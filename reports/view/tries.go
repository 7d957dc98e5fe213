package view

import (
	"fmt"
	"strings"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// ordinal counts a try, for example "2nd try"; empty of the first.
func ordinal(n int) string {
	switch {
	case n <= 1:
		return ""
	case n == 2:
		return "2nd try"
	case n == 3:
		return "3rd try"
	default:
		return fmt.Sprintf("%dth try", n)
	}
}

// Tried says which try at a scenario is shown, and what came of those before it;
// empty where there was no other.
func Tried(tries []result.Try) string {
	if len(tries) == 0 {
		return ""
	}
	first := tries[0]
	said := fmt.Sprintf("%s; the first was %s: %s", ordinal(len(tries)+1), strings.ToLower(first.Verdict.Label()), first.Reason)
	for i, t := range tries[1:] {
		said += fmt.Sprintf("; %s: %s", ordinal(i+2), t.Reason)
	}
	return said
}

// slower says at which pace a scenario was run; empty where it was the planned one.
func slower(p *result.Pace) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("Sent at %s/s instead of %s/s, for as much longer: %s.", result.Number(p.ToPerS), result.Number(p.FromPerS), p.Because)
}

// disturbedBy is what disturbed scenarios for longest, in brackets; empty where
// nothing is known to have.
func disturbedBy(scenarios []result.Scenario) string {
	cause, longest := "", 0.0
	for _, s := range scenarios {
		if s.Validity == nil {
			continue
		}
		for _, d := range s.Validity.Disturbances {
			if long := d.ToS - d.FromS; long > longest {
				cause, longest = " ("+d.Cause+")", long
			}
		}
	}
	return cause
}

// Advice says in one sentence what to do about a run in which nothing failed and
// something showed nothing; empty of all others.
func Advice(run *result.Run) string {
	whole, _ := verdict.ShownRun(run)
	if whole != result.Inconclusive || run.Interrupted != "" || len(run.Gains)+len(run.Detections) > 0 {
		return ""
	}
	var open []result.Scenario
	for _, s := range run.Scenarios {
		if v, _ := verdict.ShownScenario(s); v == result.Inconclusive {
			open = append(open, s)
		}
	}
	if len(open) == 0 {
		return ""
	}
	said := fmt.Sprintf("Nothing failed, and %d of %s showed nothing%s: ", len(open), strings.ReplaceAll(Plural(len(run.Scenarios), "scenario", "scenarios"), nbsp, " "), disturbedBy(open))
	said += toDo(open[0])
	again := run.Command
	if len(open) == 1 && open[0].Repeat != "" {
		again = open[0].Repeat
	}
	if again == "" {
		return said + ", and run it again."
	}
	return said + ", then: " + again
}
