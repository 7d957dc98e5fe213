package harness

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// kill is what became of one mutant so far.
type kill struct {
	mutant      Mutant
	found       result.Detection // of what killed it, for a reason that fits if any does
	last        result.Scenario  // the latest that showed nothing
	unclear     []string         // scenarios that showed nothing, twice
	controlless []string         // scenarios that the intact target does not pass either
}

// fits reports whether the mutant was killed for a reason that fits.
func (k *kill) fits() bool { return k.found.Outcome == result.OutcomeCaught }

// by enters a scenario that fails on the mutant and passes on the intact target.
func (k *kill) by(out result.Scenario) {
	d := result.Detection{Expected: out.Name, Outcome: result.OutcomeOtherReason, Verdict: result.Fail}
	if notBegun(out) {
		d.Outcome, d.Verdict, d.Check, d.Reason = result.OutcomeCaught, result.Pass, "ready", "it does not start: "+out.Error
	}
	for _, c := range out.Checks {
		if c.Verdict != result.Fail {
			continue
		}
		d.Failed = append(d.Failed, c.Key())
		fitting := matchesAny(k.mutant.Reasons, c)
		if d.Check == "" || fitting && d.Outcome != result.OutcomeCaught {
			d.Check, d.Reason = c.Name, c.Reason
		}
		if fitting {
			d.Outcome, d.Verdict = result.OutcomeCaught, result.Pass
		}
	}
	if d.Outcome == result.OutcomeOtherReason {
		d.Reason = "caught, but not for a reason that was declared: " + cmp.Or(d.Reason, out.Reason)
	}
	caughtBy := append(k.found.CaughtBy, out.Name)
	if k.found.Outcome == "" || d.Outcome == result.OutcomeCaught && !k.fits() {
		k.found = d
	}
	k.found.CaughtBy = caughtBy
}

// detection says what became of the mutant in the end.
func (k *kill) detection() result.Detection {
	d := k.found
	switch {
	case d.Outcome != "":
	case len(k.unclear) > 0:
		d.Outcome, d.Verdict = result.OutcomeNotExercised, k.last.Verdict
		d.Reason = fmt.Sprintf("%s showed nothing, and no other failed: %s", strings.Join(k.unclear, ", "), k.last.Reason)
	case len(k.controlless) > 0:
		d.Outcome, d.Verdict = result.OutcomeNoControl, result.Inconclusive
		d.Reason = "the intact target does not pass either: " + strings.Join(k.controlless, ", ")
	default:
		d.Outcome = result.OutcomeMissed
	}
	d.Without = k.mutant.Name
	return d
}

// excused is what became of the mutant, with what is known of it by now: one that
// survived is no failure where nobody need notice it.
func (m Mutant) excused(d result.Detection) result.Detection {
	if d.Outcome != result.OutcomeMissed {
		return d
	}
	d.Verdict, d.Reason = result.Fail, "every scenario passed: "+m.About
	if m.Excuse != "" {
		d.Verdict, d.Reason = result.Pass, d.Reason+": "+m.Excuse
	}
	return d
}

// matchesAny reports whether a check is one of those that globs name, by its metric
// or its name. No globs name all.
func matchesAny(globs []string, c result.Check) bool {
	return len(globs) == 0 || slices.ContainsFunc(globs, func(glob string) bool {
		// Unlike those of files, names have no part that a * would stop at.
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(glob), `\*`, ".*") + "$")
		return pattern.MatchString(c.Metric) || pattern.MatchString(c.Name)
	})
}

// kills is what a scenario is worth: how often it killed in how much time.
type kills struct {
	killed  int
	seconds float64 // of all its tries
}

// tried enters a try.
func (k *kills) tried(out result.Scenario) { k.seconds += out.DurationS }

// worth is how many it kills a second. Who was never tried is taken to kill one in
// two tries, so that each has its turn, the shorter first.
func (k kills) worth() float64 { return (float64(k.killed) + 0.5) / k.seconds }

// killsOf is what scenarios are worth by what an earlier run found out: each kill
// and one try more, at the time that the scenario is planned to take.
func killsOf(scenarios []Scenario, known []result.Detection) map[string]*kills {
	all := map[string]*kills{}
	for _, s := range scenarios {
		const setUp = 2 // seconds, about
		each := s.Timeline.Total().Seconds() + setUp
		k := &kills{seconds: each}
		for _, d := range known {
			if d.Expected == s.Name && d.Without != "" {
				k.killed++
				k.seconds += each
			}
		}
		all[s.Name] = k
	}
	return all
}

// inOrder are the scenarios that a mutant is held against: those of its service or,
// where there are none, all; the most worthwhile first.
func (t *trials) inOrder(m Mutant) []Scenario {
	ours := slices.DeleteFunc(slices.Clone(t.Scenarios), func(s Scenario) bool {
		service, _, _ := strings.Cut(s.Name, "/")
		return service != m.Service
	})
	if len(ours) == 0 {
		ours = slices.Clone(t.Scenarios)
	}
	slices.SortStableFunc(ours, func(a, b Scenario) int { return cmp.Compare(t.kills[b.Name].worth(), t.kills[a.Name].worth()) })
	return ours
}
