package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Proof says what [Prove] tries.
type Proof struct {
	Scenarios []Scenario
	// Untold are further scenarios, for each of which something lacks: a protection that
	// they alone claim is not exercised.
	Untold      []Scenario
	Protections []Protection
	// Full holds each mutant against all scenarios, not only against those that
	// claim the protection.
	Full bool
}

// Part returns the proof of each n-th protection alone, by a text such as 2/4:
// the second of four parts.
func (p Proof) Part(text string) (Proof, error) {
	first, of, _ := strings.Cut(text, "/")
	i, err1 := strconv.Atoi(first)
	n, err2 := strconv.Atoi(of)
	if err1 != nil || err2 != nil || i < 1 || i > n {
		return p, fmt.Errorf("part %q: want i/n with i from 1 to n, for example 2/4", text)
	}
	var chosen []Protection
	for k := i - 1; k < len(p.Protections); k += n {
		chosen = append(chosen, p.Protections[k])
	}
	p.Protections = chosen
	return p, nil
}

// Claimed returns the proof with those of its scenarios alone that claim one of
// its protections: the control that their mutants need, and no more.
func (p Proof) Claimed() Proof {
	p.Scenarios = slices.DeleteFunc(slices.Clone(p.Scenarios), func(s Scenario) bool {
		return !slices.ContainsFunc(p.Protections, func(t Protection) bool { return slices.Contains(s.Protections, t.Name) })
	})
	return p
}

// Prove shows that the scenarios can fail. First it runs the intact target
// against each of them, as a control: all must pass. Then it takes each
// protection away and runs the scenarios that claim it: each must fail, by a
// check that guards the protection.
//
// The scenarios of the result are those of the control, its detections the
// matrix; the whole result of each mutant is below Out, in without/PROTECTION.
// A cell that is inconclusive is tried once more, alone; among neighbours each
// cell is that is not as it should be, for that may be the neighbours' doing.
func Prove(ctx context.Context, cfg Config, p Proof) (*result.Run, error) {
	if len(cfg.Without) > 0 {
		return nil, errors.New("prove: the target must be intact to begin with")
	}
	cfg.Observe = apart(cfg.Observe, cfg.SideBySide)
	mutants := []Variant{{}}
	for _, without := range p.Protections {
		mutants = append(mutants, Variant{Without: []Protection{without}})
	}
	session, err := openFor(ctx, cfg, p.Scenarios, mutants)
	if err != nil {
		return nil, err
	}
	defer session.closeAndSay(ctx)
	m, err := newMatrix(session, p)
	if err != nil {
		return nil, err
	}
	m.carryOut(ctx, m.control())
	m.carryOut(ctx, m.mutants())
	return m.finish(context.Cause(ctx))
}

// apart is an observer of one scenario against several targets side by side: no one
// could tell whose a tick is.
func apart(observe func(Event), sideBySide int) func(Event) {
	if observe == nil || sideBySide <= 1 {
		return observe
	}
	return func(e Event) {
		if e.Kind != Tick && e.Kind != PhaseStarted {
			observe(e)
		}
	}
}

// judge says what became of one mutant in one scenario.
func judge(p Protection, s Scenario, out *result.Scenario) result.Detection {
	d := result.Detection{Without: p.Name, Expected: s.Name}
	guards, failed := sortOut(out.Checks, p.Name)
	for _, c := range failed {
		d.Failed = append(d.Failed, c.Key())
	}
	caught := failedOf(guards)
	switch {
	case guards == nil && slices.Contains(s.Protections, p.Name):
		d.Outcome, d.Verdict = result.OutcomeUnguarded, result.Fail
		d.Reason = fmt.Sprintf("%s claims %s, but no check of it guards that", s.Name, p.Name)
	case caught != nil:
		d.Outcome, d.Verdict, d.Check, d.Reason = result.OutcomeCaught, result.Pass, caught.Name, caught.Reason
		d.CaughtBy = []string{s.Name}
	case len(failed) > 0:
		d.Outcome, d.Verdict, d.Check = result.OutcomeOtherReason, result.Fail, failed[0].Name
		d.Reason = "caught, but not by a check that guards it: " + failed[0].Reason
		d.CaughtBy = []string{s.Name}
	case out.Verdict != result.Pass:
		d.Outcome, d.Verdict, d.Reason = result.OutcomeNotExercised, out.Verdict, out.Reason
	default:
		d.Outcome, d.Verdict = result.OutcomeMissed, result.Fail
		d.Reason = p.Name + " was taken away and nothing noticed: " + held(guards)
	}
	return d
}

// sortOut returns the checks that guard the protection, and all that failed.
func sortOut(checks []result.Check, protection string) (guards, failed []result.Check) {
	for _, c := range checks {
		if slices.Contains(c.Protections, protection) {
			guards = append(guards, c)
		}
		if c.Verdict == result.Fail {
			failed = append(failed, c)
		}
	}
	return guards, failed
}

func failedOf(checks []result.Check) *result.Check {
	for i, c := range checks {
		if c.Verdict == result.Fail {
			return &checks[i]
		}
	}
	return nil
}

func held(guards []result.Check) string {
	reasons := make([]string, len(guards))
	for i, c := range guards {
		reasons[i] = c.Reason
	}
	return strings.Join(reasons, "; ")
}

// ProvenChecks lists, for each check that was seen to fail on purpose, in a proof or a
// mutation, who made it fail.
func ProvenChecks(run *result.Run, at time.Time) result.ProvenChecks {
	proven := result.ProvenChecks{}
	for _, d := range run.Detections {
		if d.Without == "" {
			continue // of the intact target nothing is meant to fail
		}
		for _, key := range d.Failed {
			proven.Add(d.Expected, key, result.ProvenFailure{Without: d.Without, At: at.UTC().Format(time.DateOnly)})
		}
	}
	return proven
}
