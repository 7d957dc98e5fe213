package oracle

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract"
)

// audited holds each answer of a scenario against what its oracles were asked and
// what they said, call by call: a request leads to one call of each oracle that
// is to be asked, no more and no fewer; what is ok is what that call was answered,
// and an error has its cause.
func (s *service) audited(sc harness.Scenario) harness.Scenario {
	kinds := map[string]fault.Kind{}
	for _, f := range sc.Faults {
		kinds[f.ID] = f.Kind
	}
	b := bounds{deadline: s.time(contract.Deadline), cooldown: s.time(contract.BreakerCooldown)}
	sc.Reconciled = append(sc.Reconciled, verdict.Descriptor{Name: together, Unit: result.UnitCount, About: "the most calls of a request that were under way at once: the median of all requests"})
	sc.Companion = func() harness.Companion { return &listener{impact: s.Impact} }
	sc.Reconcile = func(ctx context.Context, state harness.State) (harness.Reconciliation, error) {
		a := newAudit(state, kinds, b)
		missing, err := unheard(state, sc.Load)
		if err != nil {
			return harness.Reconciliation{}, err
		}
		a.refused, a.unheard = refusedPlaces(sc.Faults), missing
		found := a.findings()
		if s.Counts.Name != "" {
			found = append(found, a.counted(ctx, s.Counts))
		}
		return harness.Reconciliation{Findings: found, Readings: map[string]func(verdict.Window) verdict.Reading{together: a.together}}, nil
	}
	return sc
}

// together is how many calls of a request were under way at once.
const together = "impact.calls_at_once"

// call is one call that reached a fake.
type call struct {
	journal.Entry
	start, end time.Duration // on the scenario's clock; end is 0 while it is open
	said       time.Time     // what it was answered, if it was
	by         *heard        // whose request it belongs to
	behind     *failure      // the error of that answer which it is behind; nil: none
}

// name is an oracle of a project.
type name struct {
	project string
	oracle  string
}

// audit is both sides of one run.
type audit struct {
	target string
	impact contract.Impact
	truth  map[string]contract.Truth
	kinds  map[string]fault.Kind
	bounds
	refused  map[string]bool  // places whose connections were refused
	heard    []*heard         // by the moment of their end
	calls    map[name][]*call // by arrival
	urls     map[name]string
	unheard  map[string]int           // requests about a project that had no answer
	awaited  map[name][]time.Duration // ends of answers that call a timeout what had not been asked by then
	uncalled map[name]int             // errors of connections that were refused or cut, behind which no call was seen
	places   map[string]place

	timedOut map[string]time.Duration // oracles by address: when the first request was sent that was told a timeout
	underWay spans                    // calls

	far, fresh, told, inTime standing.Finding
}

func newAudit(state harness.State, kinds map[string]fault.Kind, b bounds) *audit {
	l := state.Companion.(*listener)
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &audit{
		target: state.Target, impact: l.impact, truth: maps.Clone(l.truth), kinds: kinds, bounds: b, heard: slices.Clone(l.heard),
		calls: map[name][]*call{}, urls: map[name]string{}, places: map[string]place{},
		far: standing.Finding{
			Check: "oracles-asked-once", About: "each request asks each oracle that it must exactly once, as documented and where it is, and no other",
		},
		fresh:    standing.Finding{Check: "oracles-own-words", About: "what is ok is what the oracle said in answer to that very request, or within the documented age"},
		told:     standing.Finding{Check: "oracles-errors-true", About: "what failed is an error of its class, and an error has a cause"},
		inTime:   standing.Finding{Check: "oracles-heard-in-time", About: "who is called a timeout was asked and did not answer, and nobody is spared for another reason"},
		timedOut: map[string]time.Duration{}, awaited: map[name][]time.Duration{}, uncalled: map[name]int{},
	}
	slices.SortStableFunc(a.heard, func(x, y *heard) int { return cmp.Compare(x.End, y.End) })
	for project, t := range a.truth {
		for oracle, url := range t.Addresses {
			a.urls[name{project, oracle}] = url
		}
	}
	last := time.Duration(0)
	if len(a.heard) > 0 {
		last = a.heard[len(a.heard)-1].End
	}
	for at, fake := range state.Fakes {
		if p, ok := fake.(place); ok {
			a.places[at] = p
			a.read(at, p, state.Start, last)
		}
	}
	a.inTime.To = max(last, 1)
	for _, calls := range a.calls { // an oracle may have been asked at two places
		slices.SortStableFunc(calls, func(x, y *call) int { return cmp.Compare(x.start, y.start) })
	}
	a.underWay = a.spansOf()
	return a
}

// place is where oracles are played.
type place interface {
	Journal() *journal.Journal
	// Serves reports whether an address is one of its own.
	Serves(address string) bool
}

// read takes the calls from a place, up to the last answer: what comes after it was
// asked by nobody of the load.
func (a *audit) read(at string, p place, start time.Time, last time.Duration) {
	j := p.Journal()
	zero := start.Sub(j.Start())
	for e := range j.Entries(journal.Filter{From: max(zero, 0), To: zero + last}) {
		about := a.impact.CallOf(j, e)
		c := &call{Entry: e, start: e.Start - zero, said: about.Said}
		if end, over := e.End(); over {
			c.end = end - zero
		}
		of := name{about.Project, about.API}
		a.calls[of] = append(a.calls[of], c)
		a.far.Looked++
		switch url := a.urls[of]; {
		case e.Odd:
			a.far.Add(standing.Example{At: c.start, What: fmt.Sprintf("%s was not asked about project %s by %s at %s", of.oracle, of.project, a.impact.CalledBy, at)})
		case url != "" && !p.Serves(url):
			a.far.Add(standing.Example{At: c.start, What: fmt.Sprintf("%s of project %s was asked at %s, which is not its address", of.oracle, of.project, at)})
		}
	}
}

// findings matches calls with answers: first those that answers quote, then those
// behind errors, then the rest.
func (a *audit) findings() []standing.Finding {
	for _, aged := range []bool{false, true} { // what is quoted again was said to somebody first
		for _, h := range a.heard {
			if h.aged == aged && h.told() {
				a.quotes(h)
			}
		}
	}
	var anew []*heard
	for _, h := range a.heard {
		if !h.aged && h.told() {
			anew = append(anew, h)
		}
	}
	a.errors(anew)
	a.rest()
	return []standing.Finding{a.far, a.fresh, a.told, a.inTime}
}

// together is the median, over the requests that were due in a window, of the most
// calls that one had under way at once. Calls must have been matched.
func (a *audit) together(w verdict.Window) verdict.Reading {
	of := map[*heard][]*call{}
	for _, calls := range a.calls {
		for _, c := range calls {
			if c.by != nil && c.by.Due >= w.From && c.by.Due < w.To {
				of[c.by] = append(of[c.by], c)
			}
		}
	}
	var most []int
	for _, calls := range of {
		n := 0
		for _, one := range calls {
			at := 0
			for _, other := range calls {
				if other.start <= one.start && one.start < other.end {
					at++
				}
			}
			n = max(n, at)
		}
		most = append(most, n)
	}
	if len(most) == 0 {
		return verdict.Reading{}
	}
	slices.Sort(most)
	return verdict.Reading{Value: float64(most[len(most)/2]), Samples: int64(len(most))}
}

func (a *audit) example(h *heard, what string) standing.Example {
	return standing.Example{At: h.Due, What: what, Repeat: standing.Curl(a.target, load.Request{Path: h.Path})}
}
