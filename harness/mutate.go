package harness

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"holdfast.dev/holdfast/harness/result"
)

// Mutant is another build of the target, with a mistake in it that no switch
// describes.
type Mutant struct {
	Name string
	// Program is its binary; empty where what became of it is known already.
	Program string
	// Service is the one that it is in: the first part of its scenarios' names. A
	// mutant of a service without scenarios, as of code that all share, is held against all.
	Service string
	// Reasons are globs of the metrics and the names of checks that are to notice
	// it; a check that fails of others is a kill for another reason. Defaults to any.
	Reasons []string
	// NoticedBy names the scenario that noticed it before, which is tried first and
	// alone; empty where nobody knows.
	NoticedBy string
	// About says in a line what the mistake is, for the report.
	About string
	// Excuse is why nobody need notice it: it is no other program for whoever looks
	// from outside, or does what nobody promised not to. Empty: it should be noticed.
	Excuse string
}

// Mutation says what [Mutate] tries.
type Mutation struct {
	Scenarios []Scenario
	// Mutants are made one by one, as they are needed; All is how many there will be.
	Mutants iter.Seq2[Mutant, error]
	All     int
	// Whole holds each mutant against all scenarios of its service. Otherwise it is
	// done with at the first that kills it for a reason that fits.
	Whole bool
	// Known is what an earlier run found out, for mutants that are not tried again.
	Known []result.Detection
}

// Mutate shows how many mistakes the scenarios notice that they were not written
// for. It holds each mutant against the scenarios of its service, those first that
// have killed most in the least time, until one of them fails; the one that noticed it
// before comes before all others. What fails must pass
// on the intact target, which is tried when a scenario first kills and at each
// tenth kill from then on: a scenario that does not pass there kills nobody. As many
// scenarios as [Config.SideBySide] says are held against it at a time; what does not
// pass in company is seen alone, and kills only there.
//
// The detections of the result are one for each mutant, and one for each control;
// a mutant that does not become ready is caught. What survived is missed.
func Mutate(ctx context.Context, cfg Config, m Mutation) (*result.Run, error) {
	if len(cfg.Without) > 0 {
		return nil, errors.New("mutate: the target must be intact to begin with")
	}
	session, err := openFor(ctx, cfg, m.Scenarios, []Variant{{}})
	if err != nil {
		return nil, err
	}
	defer session.closeAndSay(ctx)
	file, err := session.newFile(Variant{}, session.cfg.Out, session.cfg.Repeat(""))
	if err != nil {
		return nil, err
	}
	t := &trials{Mutation: m, session: session, file: file, controls: map[string]*control{}, kills: killsOf(m.Scenarios, m.Known)}
	made := t.tryAll(ctx)
	run, err := file.finish(context.Cause(ctx))
	return run, errors.Join(made, err)
}

// trials are a mutation while it goes on.
type trials struct {
	Mutation
	session  *Session
	file     *resultFile
	controls map[string]*control // by scenario
	kills    map[string]*kills   // by scenario
	n        int                 // the number of the mutant that is tried
}

// control is the intact target in one scenario.
type control struct {
	out   result.Scenario // the latest
	found result.Detection
	kills int // since then
}

// controlEvery is after how many kills by a scenario the intact target is tried
// again: it may be the machine that kills by now.
const controlEvery = 10

// tryAll tries the mutants. The error is that of making one.
func (t *trials) tryAll(ctx context.Context) error {
	known := map[string]result.Detection{}
	for _, d := range t.Known {
		known[d.Without] = d
	}
	for mutant, err := range t.Mutants {
		if err != nil || ctx.Err() != nil {
			return err
		}
		t.n++
		found, ok := known[mutant.Name]
		if !ok {
			found = t.try(ctx, mutant)
		}
		found = mutant.excused(found)
		if ctx.Err() != nil {
			return nil // what was begun shows nothing
		}
		t.file.update(func(run *result.Run) { run.Detections = append(run.Detections, found) })
	}
	return nil
}

// try holds one mutant against its scenarios, and what was inconclusive once more.
func (t *trials) try(ctx context.Context, m Mutant) result.Detection {
	k := &kill{mutant: m}
	left := t.inOrder(m)
	var doubtful []Scenario
	if i := slices.IndexFunc(left, func(s Scenario) bool { return s.Name == m.NoticedBy }); i >= 0 {
		doubtful = t.against(ctx, k, left[i:i+1:i+1], ", as before")
		left = slices.Delete(left, i, i+1)
	}
	for len(left) > 0 && !t.done(k) && ctx.Err() == nil {
		suspects, rest, again := left, []Scenario(nil), ""
		if of, untried := t.inCompany(ctx, m, left); len(untried) < len(left) {
			suspects, rest, again = of, untried, ", alone"
		} // otherwise none of them may have company
		doubtful = append(doubtful, t.against(ctx, k, suspects, again)...)
		left = rest
	}
	if !t.done(k) {
		for _, s := range t.against(ctx, k, doubtful, ", once more") {
			k.unclear = append(k.unclear, s.Name)
		}
	}
	return k.detection()
}

// done reports whether nothing more need be known of a mutant.
func (t *trials) done(k *kill) bool { return k.fits() && !t.Whole }

// inCompany holds a mutant against those of the scenarios that may have company,
// several at a time. Once one has failed no more is begun, and those that go on are cut
// short: they count as not tried. It returns those that did not pass, and those that
// were not tried.
func (t *trials) inCompany(ctx context.Context, m Mutant, scenarios []Scenario) (suspects, untried []Scenario) {
	until, enough := context.WithCancel(ctx)
	defer enough()
	admission := t.session.newAdmission()
	outs := make([]*result.Scenario, len(scenarios))
	v := Variant{Name: m.Name, Program: m.Program}
	for i, s := range scenarios {
		if !t.session.mayHaveCompany(s) {
			continue
		}
		admission.run(func() (harmed bool) { // never: the mutant may be what does the harm
			if until.Err() != nil {
				return false
			}
			out := t.session.show(until, v, s, Event{Text: v.Name, N: t.n, All: t.All}, func(result.Scenario) {})
			if until.Err() != nil {
				return false // it was cut short, or might have been
			}
			outs[i] = &out
			if (out.Verdict == result.Fail || notBegun(out)) && !t.Whole {
				enough()
			}
			return false
		})
	}
	admission.wait()
	for i, s := range scenarios {
		if outs[i] == nil {
			untried = append(untried, s)
			continue
		}
		t.kills[s.Name].tried(*outs[i])
		if outs[i].Verdict != result.Pass {
			suspects = append(suspects, s)
		}
	}
	return suspects, untried
}

// against holds a mutant against scenarios until one kills it, and returns those
// that showed nothing.
func (t *trials) against(ctx context.Context, k *kill, scenarios []Scenario, again string) (doubtful []Scenario) {
	for _, s := range scenarios {
		if ctx.Err() != nil || t.done(k) {
			return doubtful
		}
		v := Variant{Name: k.mutant.Name, Program: k.mutant.Program}
		out := t.session.show(ctx, v, s, Event{Text: v.Name + again, N: t.n, All: t.All}, func(result.Scenario) {})
		t.kills[s.Name].tried(out)
		switch {
		case out.Verdict == result.Pass || ctx.Err() != nil:
		case out.Verdict == result.Fail || again != "" && notBegun(out):
			if t.passesIntact(ctx, s) {
				k.by(out)
				t.kills[s.Name].killed++
			} else {
				k.controlless = append(k.controlless, s.Name)
			}
		default:
			doubtful = append(doubtful, s)
			k.last = out
		}
	}
	return doubtful
}

// notBegun reports whether the load was never begun: the target did not become
// ready, where the intact one does.
func notBegun(out result.Scenario) bool { return out.Error != "" && len(out.Phases) == 0 }

// passesIntact reports whether the intact target passes a scenario, from the latest
// control or from one of now, which has two tries.
func (t *trials) passesIntact(ctx context.Context, s Scenario) bool {
	c := t.controls[s.Name]
	if c == nil || c.kills >= controlEvery {
		c = &control{}
		for range 2 {
			c.out = t.session.show(ctx, Variant{}, s, Event{Text: Variant{}.String(), N: t.n, All: t.All}, func(result.Scenario) {})
			if c.out.Verdict == result.Pass || ctx.Err() != nil {
				break
			}
		}
		intact := cell{row: &row{}, scenario: s}
		c.found = intact.judge(&c.out)
		c.found.Expected = s.Name
		t.controls[s.Name] = c
		t.file.update(t.enterControls)
	}
	c.kills++
	return c.out.Verdict == result.Pass
}

// enterControls enters the latest controls, in the order of their names.
func (t *trials) enterControls(run *result.Run) {
	run.Scenarios = []result.Scenario{}
	run.Detections = slices.DeleteFunc(run.Detections, func(d result.Detection) bool { return d.Without == "" })
	for _, name := range slices.Sorted(maps.Keys(t.controls)) {
		run.Scenarios = append(run.Scenarios, t.controls[name].out)
		run.Detections = append(run.Detections, t.controls[name].found)
	}
}
