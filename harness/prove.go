package harness

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/harness/result"
)

// Proof says what [Prove] tries.
type Proof struct {
	Scenarios   []Scenario
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
		return !slices.ContainsFunc(p.Protections, func(t Protection) bool { return slices.Contains(s.Guards, t.Name) })
	})
	return p
}

// Prove shows that the scenarios have teeth. First it runs the intact target
// against each of them, as a control: all must pass. Then it takes each
// protection away and runs the scenarios that claim it: each must fail, by a
// check that guards the protection.
//
// The scenarios of the result are those of the control, its detections the
// matrix; the whole result of each mutant is below Out, in without/PROTECTION.
// Cells are run one after another. They share processors and a Postgres, and a
// mutant is expected to fail: what a neighbour did to it would be taken for its
// own doing. Parts of a proof may run on machines of their own, see [Proof.Part].
// A cell that is inconclusive is tried once more.
func Prove(ctx context.Context, cfg Config, p Proof) (*result.Run, error) {
	if len(cfg.Without) > 0 {
		return nil, errors.New("prove: the target must be intact to begin with")
	}
	l, closeLab, err := openLab(ctx, cfg, p.Scenarios)
	defer closeLab()
	if err != nil {
		return nil, err
	}
	m := &matrix{lab: l, Proof: p, control: map[string]result.Verdict{}, began: time.Now()}
	m.all = len(p.Scenarios) + m.cells()
	m.runControl(ctx)
	for _, protection := range p.Protections {
		if ctx.Err() == nil {
			m.runMutant(ctx, protection)
		}
	}
	return l.file.finish(context.Cause(ctx))
}

// matrix is a proof while it goes on.
type matrix struct {
	lab *lab
	Proof
	control map[string]result.Verdict // by scenario
	n, all  int                       // cells
	began   time.Time
}

// against lists the scenarios that a mutant is held against.
func (m *matrix) against(p Protection) []Scenario {
	if m.Full {
		return m.Scenarios
	}
	return slices.DeleteFunc(slices.Clone(m.Scenarios), func(s Scenario) bool { return !slices.Contains(s.Guards, p.Name) })
}

func (m *matrix) cells() (n int) {
	for _, p := range m.Protections {
		n += len(m.against(p))
	}
	return n
}

// runControl runs the intact target against every scenario that will be used.
func (m *matrix) runControl(ctx context.Context) {
	for _, s := range m.Scenarios {
		if ctx.Err() != nil {
			return
		}
		out := m.run(ctx, m.lab, s, "the intact target")
		if out.Verdict == result.Inconclusive && ctx.Err() == nil {
			m.lab.file.drop()
			out = m.run(ctx, m.lab, s, "the intact target, once more")
		}
		m.control[s.Name] = out.Verdict
		d := result.Detection{Expected: s.Name, Outcome: result.OutcomeIntact, Verdict: out.Verdict, Reason: out.Reason}
		if out.Verdict == result.Fail {
			d.Outcome = result.OutcomeFalseAlarm
		}
		m.add(d)
	}
}

// runMutant takes one protection away.
func (m *matrix) runMutant(ctx context.Context, p Protection) {
	guarded := false
	mutant := m.lab.without(p)
	for _, s := range m.against(p) {
		if ctx.Err() != nil {
			return
		}
		claimed := slices.Contains(s.Guards, p.Name)
		guarded = guarded || claimed
		if control := m.control[s.Name]; control != result.Pass {
			m.add(result.Detection{Without: p.Name, Expected: s.Name, Outcome: result.OutcomeNoControl, Verdict: result.Inconclusive,
				Reason: "the intact target did not pass either: " + string(control)})
			continue
		}
		d := m.judge(p, s, m.run(ctx, mutant, s, "without "+p.Name))
		if d.Verdict == result.Inconclusive && ctx.Err() == nil {
			d = m.judge(p, s, m.run(ctx, mutant, s, "without "+p.Name+", once more"))
		}
		if !claimed { // what else notices is worth knowing, and nothing that must be
			d.Verdict = result.Pass
		}
		m.add(d)
	}
	if !guarded {
		m.add(result.Detection{Without: p.Name, Outcome: result.OutcomeUnguarded, Verdict: result.Fail,
			Reason: "no scenario claims " + p.Name})
	}
	_, err := mutant.file.finish(context.Cause(ctx))
	m.lab.note(err)
}

// without is the same lab with a target that lacks a protection.
func (l *lab) without(p Protection) *lab {
	return l.with(func(cfg *Config) {
		cfg.Without = []Protection{p}
		cfg.Repeat = func(scenario string) string { return l.cfg.Repeat(scenario) + " --without " + p.Name }
		if cfg.Out != "" {
			cfg.Out = filepath.Join(cfg.Out, "without", p.Name)
		}
	})
}

func (m *matrix) run(ctx context.Context, l *lab, s Scenario, who string) *result.Scenario {
	if left := m.left(); left > 0 {
		who += ", about " + left.String() + " left"
	}
	m.n = min(m.n+1, m.all)
	return l.runShown(ctx, s, Event{Text: who, N: m.n, All: m.all})
}

// left is about how long the cells that are left will take, by those before; 0
// while there are too few to tell.
func (m *matrix) left() time.Duration {
	const enough = 5
	if m.n < enough {
		return 0
	}
	each := time.Since(m.began) / time.Duration(m.n)
	return (each * time.Duration(m.all-m.n)).Round(time.Second)
}

func (m *matrix) add(d result.Detection) {
	m.lab.file.update(func(run *result.Run) { run.Detections = append(run.Detections, d) })
}

// judge says what became of one mutant in one scenario.
func (m *matrix) judge(p Protection, s Scenario, out *result.Scenario) result.Detection {
	d := result.Detection{Without: p.Name, Expected: s.Name}
	guards, failed := sortOut(out.Checks, p.Name)
	for _, c := range failed {
		d.Failed = append(d.Failed, c.Key())
	}
	caught := failedOf(guards)
	switch {
	case guards == nil && slices.Contains(s.Guards, p.Name):
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
		if slices.Contains(c.Guards, protection) {
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

// Teeth lists, for each check that was seen to fail in a proof, who made it fail.
func Teeth(run *result.Run, at time.Time) result.Teeth {
	teeth := result.Teeth{}
	for _, d := range run.Detections {
		for _, key := range d.Failed {
			teeth.Add(d.Expected, key, result.Bite{Without: d.Without, At: at.UTC().Format(time.DateOnly)})
		}
	}
	return teeth
}
