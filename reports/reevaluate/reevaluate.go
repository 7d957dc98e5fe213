// Package reevaluate holds an old run against other limits, from the data that its
// file has, without running again. Enter at [Read], then [Limits.Apply].
//
// It fails closed, as the run itself did: what was not exercised or not valid
// stays so, a missed limit on time proves nothing when the machine was full, and
// a limit that nothing in the file was measured for is an error.
package reevaluate

import (
	"errors"
	"fmt"
	"slices"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Apply returns a copy of run, judged by the limits, which are called by in it.
// run stays as it is.
func (l Limits) Apply(run *result.Run, by string) (*result.Run, error) {
	out := *run
	out.Scenarios = slices.Clone(run.Scenarios)
	out.Reevaluated = &result.Reevaluation{By: by, Changes: []result.Change{}}
	var errs []error
	for i := range out.Scenarios {
		out.Scenarios[i].Checks = slices.Clone(out.Scenarios[i].Checks)
	}
	for _, limit := range l.Limits {
		found := false
		for i := range out.Scenarios {
			s := &out.Scenarios[i]
			if !limit.covers(*s) {
				continue
			}
			changes, err := limit.apply(s)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s in %s: %w", limit.Metric, s.Name, err))
			}
			found = found || len(changes) > 0 || err != nil
			out.Reevaluated.Changes = append(out.Reevaluated.Changes, changes...)
		}
		if !found {
			errs = append(errs, fmt.Errorf("%s: nothing in this run is judged or measured under that name%s", limit.Metric, limit.where()))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	decide(&out)
	return &out, nil
}

// apply judges a scenario's checks on the metric again, or makes one.
func (l Limit) apply(s *result.Scenario) ([]result.Change, error) {
	var changes []result.Change
	var errs []error
	for i, c := range s.Checks {
		if c.Metric != l.Metric || l.Phase != "" && l.Phase != c.Phase {
			continue
		}
		again, err := l.judge(c, *s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.Checks[i] = again
		changes = append(changes, result.Change{Scenario: s.Name, Check: verdict.Subject(c), OldLimit: verdict.LimitText(c), NewLimit: verdict.LimitText(again), Was: c.Verdict, Is: again.Verdict})
	}
	if len(changes) > 0 || len(errs) > 0 {
		return changes, errors.Join(errs...)
	}
	c, ok, err := l.measured(*s)
	if !ok || err != nil {
		return nil, err
	}
	s.Checks = append(s.Checks, c)
	return []result.Change{{Scenario: s.Name, Check: verdict.Subject(c), NewLimit: verdict.LimitText(c), Is: c.Verdict}}, nil
}

// decide puts the verdicts together again, as the run did: with what a proof or
// gains came to, which other limits on scenarios don't change. A scenario that was
// never judged stays without a verdict.
func decide(run *result.Run) {
	for i := range run.Scenarios {
		s := &run.Scenarios[i]
		if s.Verdict != "" {
			s.Verdict, s.Reason = verdict.OfScenario(s.Checks, s.Evidence, s.Error)
		}
	}
	run.Verdict, run.Reason = verdict.OfRun(run)
}
