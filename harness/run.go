package harness

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"holdfast.dev/holdfast/harness/result"
)

// Run runs the scenarios, [Config.SideBySide] of them at a time, and returns the
// result, also when ctx is cancelled half-way: what was measured until then is judged.
// Those whose [Needs] say so are run when nobody else is, and what neither passes in
// company nor fails by what no company can cause is run once more alone: that counts,
// and the first is kept beside it. The
// error speaks of what kept the run from taking place at all (no database, an
// unwritable directory, a scenario that is wrong as data); what went wrong in
// one scenario is in its result.
func Run(ctx context.Context, cfg Config, scenarios []Scenario) (*result.Run, error) {
	session, err := Open(ctx, cfg, scenarios...)
	if err != nil {
		return nil, err
	}
	defer session.closeAndSay(ctx)
	session.foretell(scenarios)
	v := Variant{Without: session.cfg.Without}
	file, err := session.newFile(v, session.cfg.Out, session.cfg.Repeat(""))
	if err != nil {
		return nil, err
	}
	r := &suiteRun{session: session, variant: v, plan: scenarios, file: file}
	session.orderOf(scenarios).carryOut(session.newAdmission(), func(i int, company bool) bool { return r.run(ctx, i, company) })
	r.again(ctx)
	return file.finish(context.Cause(ctx))
}

// suiteRun is a run while it goes on.
type suiteRun struct {
	session *Session
	variant Variant
	plan    []Scenario
	file    *resultFile

	mu       sync.Mutex // guards below
	begun    int
	doubtful []doubt
}

// doubt is a scenario that is to be run once more alone.
type doubt struct {
	place   int   // in the plan
	started Event // of the run alone, with what came of it before
	retries int   // beyond that
}

// run runs the i-th scenario of the plan, unless the run is over. It reports whether
// company kept it from showing anything.
func (r *suiteRun) run(ctx context.Context, i int, company bool) (harmed bool) {
	if r.over(ctx) && r.session.breach.contactBefore(r.plan[i].Name) == "" {
		return false
	}
	put := func(out result.Scenario) { r.file.put(i, out) }
	started := r.begin(i)
	if !company {
		r.session.insist(ctx, r.variant, r.plan[i], started, r.session.cfg.Retries, put)
		return false
	}
	started.Company = true
	out, accompanied := r.session.showBeside(ctx, r.variant, r.plan[i], started, put)
	put(out)
	retries := r.session.cfg.Retries
	if !accompanied {
		retries-- // it was seen alone already
	}
	if out.Verdict == result.Pass || out.Verdict == result.Fail || !accompanied && (out.Verdict != result.Inconclusive || retries < 0) {
		return false
	}
	started.Company, started.Tries = false, []result.Try{result.TryOf(out)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.doubtful = append(r.doubtful, doubt{i, started, retries})
	return accompanied
}

// again runs each alone of which that is to be seen, in the order of the plan.
func (r *suiteRun) again(ctx context.Context) {
	slices.SortFunc(r.doubtful, func(a, b doubt) int { return cmp.Compare(a.place, b.place) })
	for _, d := range r.doubtful {
		if r.over(ctx) {
			return
		}
		sc := r.plan[d.place]
		r.session.say(sc.Name + " showed nothing and is run alone")
		r.session.insist(ctx, r.variant, sc, d.started, d.retries, func(out result.Scenario) { r.file.put(d.place, out) })
	}
}

// over reports whether nothing more is run.
func (r *suiteRun) over(ctx context.Context) bool {
	return ctx.Err() != nil || r.session.notRun() != ""
}

// begin is the event with which a scenario begins: the first time it is counted.
func (r *suiteRun) begin(i int) Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun++
	return Event{Text: r.plan[i].Claim, N: r.begun, All: len(r.plan)}
}

// insist runs a scenario, and once more while it is inconclusive and retries are
// left: what came of each try is put where it belongs, the earlier ones beside the
// last. Nothing but an inconclusive try is repeated, so that no failure is.
func (s *Session) insist(ctx context.Context, v Variant, sc Scenario, started Event, retries int, put func(result.Scenario)) {
	for left := retries; ; left-- {
		out := s.show(ctx, v, sc, started, func(part result.Scenario) { part.Tries = started.Tries; put(part) })
		put(out)
		_, _, tooSmall := sc.fitted(s.ceiling, s.cfg.Pace) // no further try changes that
		if out.Verdict != result.Inconclusive || left <= 0 || ctx.Err() != nil || tooSmall != nil {
			return
		}
		started.Tries = append(started.Tries, result.TryOf(out))
		s.say(fmt.Sprintf("%s showed nothing and is tried once more", sc.Name))
	}
}

// newFile is a result file of the session, which can be written.
func (s *Session) newFile(v Variant, dir, command string) (*resultFile, error) {
	file := newResultFile(s.cfg, v, dir, command)
	s.describe(file.run)
	return file, file.write(result.WriteFileSoFar)
}

// closeAndSay closes the session; what could not be taken down is said.
func (s *Session) closeAndSay(ctx context.Context) { s.note(s.Close(ctx)) }
