package harness

import (
	"cmp"
	"slices"
	"sync"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/harness/witness"
)

// order says which scenarios of a plan are run in company, and which when nobody else
// is, by their places in it.
type order struct {
	company []int // the longest first, so that nobody waits long for the last
	alone   []int
}

// orderOf is the order for a plan: that of the plan itself where none has company.
func (s *Session) orderOf(plan []Scenario) order {
	var o order
	for i, sc := range plan {
		if s.mayHaveCompany(sc) {
			o.company = append(o.company, i)
		} else {
			o.alone = append(o.alone, i)
		}
	}
	if len(o.company) < 2 { // nobody would be there
		o.company, o.alone = nil, slices.Sorted(slices.Values(slices.Concat(o.company, o.alone)))
	}
	slices.SortStableFunc(o.company, func(a, b int) int {
		return cmp.Compare(plan[b].Timeline.Total(), plan[a].Timeline.Total())
	})
	return o
}

// mayHaveCompany reports whether others may go on beside a scenario. What is not run
// needs no company.
func (s *Session) mayHaveCompany(sc Scenario) bool {
	return s.cfg.SideBySide > 1 && !sc.Needs.alone() && len(sc.Lacks) == 0
}

// carryOut runs those that have company, as many at a time as are admitted, and then
// each of the others alone. run says whether company kept it from showing anything.
func (o order) carryOut(a *admission, run func(i int, company bool) (harmed bool)) {
	for _, i := range o.company {
		a.run(func() bool { return run(i, true) })
	}
	a.wait()
	for _, i := range o.alone {
		run(i, false)
	}
}

// byCompany is what a scenario in company comes to. Company takes time and nothing
// else: a check that a want of time can make fail shows nothing until it was seen
// alone, and one that it cannot has failed.
func byCompany(out result.Scenario) result.Scenario {
	out.Checks = slices.Clone(out.Checks)
	for i, c := range out.Checks {
		if c.Verdict == result.Fail && verdict.OfTime(c) {
			out.Checks[i].Verdict = result.Inconclusive
			out.Checks[i].Reason += "; other scenarios went on beside it and may be why, which only a run alone can tell"
		}
	}
	out.Verdict, out.Reason = verdict.OfScenario(out.Checks, out.Evidence, out.Error)
	return out
}

// company are the experiments of a session that are there at this moment.
type company struct {
	mu    sync.Mutex // guards below
	there map[*guest]bool
	going map[*setup]witness.Run // those that have load
}

// guest is an experiment that is there, be it that it is only set up.
type guest struct {
	accompanied bool // another was there, too
}

// arrive counts an experiment as there until leave is called, which reports whether
// another was there meanwhile.
func (c *company) arrive() (leave func() (accompanied bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.there == nil {
		c.there = map[*guest]bool{}
	}
	g := &guest{accompanied: len(c.there) > 0}
	for other := range c.there {
		other.accompanied = true
	}
	c.there[g] = true
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.there, g)
		return g.accompanied
	}
}

// enter counts an experiment among those that have load, until the function that it returns is called.
func (c *company) enter(st *setup) (leave func()) {
	st.others = func() []witness.Run { return c.but(st) }
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.going == nil {
		c.going = map[*setup]witness.Run{}
	}
	c.going[st] = st.run()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.going, st)
	}
}

// but are all of them but one.
func (c *company) but(one *setup) []witness.Run {
	c.mu.Lock()
	defer c.mu.Unlock()
	var others []witness.Run
	for st, run := range c.going {
		if st != one {
			others = append(others, run)
		}
	}
	return others
}
