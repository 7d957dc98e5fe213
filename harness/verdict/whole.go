package verdict

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"holdfast.dev/holdfast/harness/result"
)

// OfScenario is the verdict of a scenario and its reason: those of its decisive
// check. failure is why it could not be carried out as it should; such a scenario
// never passes, and what it did not show has that for its reason.
func OfScenario(checks, evidence []result.Check, failure string) (result.Verdict, string) {
	v, why := result.NotExercised, "nothing was checked"
	decisive := Decisive(checks, evidence)
	if decisive != nil {
		v, why = result.Worst(decisive.Verdict), decisive.Reason
	}
	if failure == "" || v == result.Fail {
		return v, why
	}
	if decisive == nil || v == result.Pass {
		v = result.Inconclusive
	}
	return v, failure
}

// ShownScenario is the verdict to show of a scenario that was read from a file,
// and its reason: what its checks come to, or what it says of itself if that is
// worse. One that was never judged has none, unless a check of it failed.
//
// It keeps the words that the file has for the verdict, but not where these name
// another check than the decisive one, as files of older versions may.
func ShownScenario(s result.Scenario) (result.Verdict, string) {
	v, why := OfScenario(s.Checks, s.Evidence, s.Error)
	switch {
	case s.Verdict == "" && s.Error == "" && v != result.Fail:
		return "", s.Reason
	case s.Verdict.Worse(v), s.Verdict == v && s.Reason != "" && !namesAnother(s) && !contradicts(s.Reason, v):
		return result.Worst(s.Verdict), s.Reason
	default:
		return v, why
	}
}

// claimsAll are words by which a file says that nothing was missed.
var claimsAll = regexp.MustCompile(`(?i)\b(all|every)\b.*\b(held|holds?|pass(es|ed)?)\b`)

// contradicts reports whether a file's words claim that all was well, and its checks
// say otherwise.
func contradicts(reason string, v result.Verdict) bool {
	return v != result.Pass && claimsAll.MatchString(reason)
}

// namesAnother reports whether a scenario's reason is that of a check which is not
// the decisive one.
func namesAnother(s result.Scenario) bool {
	decisive := Decisive(s.Checks, s.Evidence)
	if decisive == nil || decisive.Reason == s.Reason {
		return false
	}
	return slices.ContainsFunc(slices.Concat(s.Checks, s.Evidence), func(c result.Check) bool { return c.Reason == s.Reason })
}

// WorstFirst returns the scenarios' indices: the worst verdict first, then the
// least headroom of the decisive check, then as they ran.
func WorstFirst(scenarios []result.Scenario) []int {
	order := make([]int, len(scenarios))
	verdicts, used := make([]result.Verdict, len(scenarios)), make([]float64, len(scenarios))
	for i, s := range scenarios {
		order[i], used[i] = i, -1
		verdicts[i], _ = ShownScenario(s)
		if c := Decisive(s.Checks, s.Evidence); c != nil {
			used[i] = headroomRank(*c)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(Compare(verdicts[a], verdicts[b]), cmp.Compare(used[b], used[a]))
	})
	return order
}

// OfRun is the verdict of a run and its reason: those of the worst of its parts,
// which are scenarios, cells of a detection matrix and gains. A run that was ended
// early never passes, and of one that did not reach its end only a failure is
// proven.
func OfRun(run *result.Run) (result.Verdict, string) {
	found := worst(parts(run))
	switch {
	case !run.Complete && found.verdict != result.Fail:
		return "", ""
	case run.Interrupted != "" && !found.verdict.Worse(result.NotExercised):
		return result.Inconclusive, fmt.Sprintf("the run was ended early by a signal (%s)", run.Interrupted)
	case found.verdict == result.Pass:
		return result.Pass, passed(run)
	default:
		return found.verdict, found.reason
	}
}

// ShownRun is the verdict to show of a run that was read from a file, and its
// reason, as [ShownScenario] is of a scenario.
func ShownRun(run *result.Run) (result.Verdict, string) {
	v, why := OfRun(run)
	said := run.Verdict
	if run.Complete {
		said = result.Worst(said) // one that is complete should have a verdict
	}
	switch {
	case said == result.Fail && v != result.Fail, run.Complete && said.Worse(v), said == v && run.Reason != "" && !outdated(run) && !contradicts(run.Reason, v):
		return said, run.Reason
	default:
		return v, why
	}
}

// outdated reports whether a run's reason is that of a scenario which is shown
// with another one.
func outdated(run *result.Run) bool {
	return slices.ContainsFunc(run.Scenarios, func(s result.Scenario) bool {
		_, why := ShownScenario(s)
		return run.Reason == s.Name+": "+s.Reason && why != s.Reason
	})
}

// part is what one part of a run came to.
type part struct {
	verdict result.Verdict
	reason  string
}

// parts are the verdicts of which a run's is made, those that explain it best
// first: gains and a matrix were measured by scenarios, and say what these mean.
func parts(run *result.Run) []part {
	var all []part
	for _, g := range run.Gains {
		all = append(all, part{g.Verdict, g.Name + ": " + g.Reason})
	}
	for _, d := range run.Detections {
		if d.Without != "" {
			all = append(all, part{d.Verdict, "without " + d.Without + ": " + d.Reason})
		}
	}
	for _, i := range WorstFirst(run.Scenarios) {
		v, why := ShownScenario(run.Scenarios[i])
		all = append(all, part{v, run.Scenarios[i].Name + ": " + cmp.Or(why, "it was not judged")})
	}
	for _, c := range run.Alerts {
		if c.Verdict == result.Fail { // its scenario has said what all others come to
			all = append(all, part{c.Verdict, c.Scenario + ": " + c.Alert + ": " + c.Reason})
		}
	}
	for _, d := range run.Detections {
		if d.Without == "" { // the control, whose scenarios have said why
			all = append(all, part{d.Verdict, "the intact target in " + d.Expected + ": " + d.Reason})
		}
	}
	return all
}

// worst is the first of those with the worst verdict.
func worst(all []part) part {
	found := part{result.NotExercised, "nothing was run"}
	for i, p := range all {
		if p.verdict = result.Worst(p.verdict); i == 0 || p.verdict.Worse(found.verdict) {
			found = p
		}
	}
	return found
}

// passed is the reason of a run that passed: that of the scenario with the least
// headroom. A run of gains alone has none.
func passed(run *result.Run) string {
	if len(run.Scenarios) == 0 {
		return ""
	}
	s := run.Scenarios[WorstFirst(run.Scenarios)[0]]
	_, why := ShownScenario(s)
	return s.Name + ": " + why
}
