package view

import (
	"cmp"
	"slices"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// mostDisturbed is how many disturbances are named: of more the longest.
const mostDisturbed = 3

// Disturbed is what kept an experiment from showing anything. When is empty where it is of
// the whole.
type Disturbed struct{ When, What string }

// unclear tells a scenario that showed nothing: what kept it from that, when, and what to
// do. Nothing is held against the target.
func unclear(s judged) *Answer {
	a := &Answer{ID: "s1", Scenario: s.Name, Verdict: s.badge, Claim: s.Claim, Check: s.reason, Repeat: s.Repeat, ToDo: toDo(s.Scenario)}
	if shownUnclear(s.Scenario) == nil {
		a.NoChart = "No series was recorded of what its checks are of."
	}
	a.Disturbed = disturbed(s.Scenario)
	return a
}

// shownUnclear is the check whose course is drawn of a scenario that showed nothing: the one
// that decided, or else the first that was to be judged; nil where none has a course.
func shownUnclear(s result.Scenario) *result.Check {
	var all []*result.Check
	if c := verdict.Decisive(s.Checks, s.Evidence); c != nil {
		all = append(all, c)
	}
	for i := range s.Checks {
		all = append(all, &s.Checks[i])
	}
	for _, c := range all {
		if _, ok := courseOf(s, *c); ok {
			return c
		}
	}
	return nil
}

// toDo is what to mend before a scenario that showed nothing is repeated.
func toDo(s result.Scenario) string {
	if s.Error != "" {
		return "mend what kept " + s.Name + " from being carried out"
	}
	return "end what else runs on this machine, or take one with more processors"
}

// disturbed lists what took time from an experiment, in order of time, and its evidence
// that did not hold.
func disturbed(s result.Scenario) []Disturbed {
	var all []Disturbed
	if s.Error != "" {
		all = append(all, Disturbed{What: "could not be carried out: " + s.Error})
	}
	if s.Validity != nil {
		longest := slices.Clone(s.Validity.Disturbances)
		slices.SortStableFunc(longest, func(a, b result.Disturbance) int { return cmp.Compare(b.ToS-b.FromS, a.ToS-a.FromS) })
		longest = longest[:min(len(longest), mostDisturbed)]
		slices.SortStableFunc(longest, func(a, b result.Disturbance) int { return cmp.Compare(a.FromS, b.FromS) })
		for _, d := range longest {
			all = append(all, Disturbed{at(d.FromS) + " – " + at(d.ToS) + inPhase(s, max(d.FromS, 0)), d.Cause})
		}
		if more := len(s.Validity.Disturbances) - len(longest); more > 0 {
			all = append(all, Disturbed{What: Plural(more, "shorter disturbance", "shorter disturbances") + " more"})
		}
	}
	for _, c := range s.Evidence {
		if c.Verdict != result.Pass {
			all = append(all, Disturbed{What: cmp.Or(c.Reason, verdict.Finding(c))})
		}
	}
	return all
}
