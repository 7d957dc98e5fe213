package oracle

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fakes/oracleapi"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/harness/verdict"
)

// audited holds each answer of a scenario against what its oracles were asked and
// what they said, call by call: a request leads to one call of each oracle that
// is to be asked, no more and no fewer; what is ok is what that call was answered,
// and an error has its cause.
func audited(s harness.Scenario) harness.Scenario {
	kinds := map[string]fault.Kind{}
	for _, f := range s.Faults {
		kinds[f.ID] = f.Kind
	}
	deadline, err := time.ParseDuration(s.Settings["ORACLE_OVERALL_DEADLINE"])
	if err != nil {
		deadline = defaultDeadline
	}
	s.Reconciled = append(s.Reconciled, verdict.Descriptor{Name: together, Unit: result.UnitCount, About: "the most calls of a request that were under way at once: the median of all requests"})
	s.Companion = func() harness.Companion { return &listener{} }
	s.Reconcile = func(_ context.Context, state harness.State) (harness.Reconciliation, error) {
		a := newAudit(state, kinds, deadline)
		a.refused = refusedPlaces(s.Faults)
		a.unheard, err = unheard(state, s.Load)
		if err != nil {
			return harness.Reconciliation{}, err
		}
		found := a.findings()
		return harness.Reconciliation{Findings: found, Readings: map[string]func(verdict.Window) verdict.Reading{together: a.together}}, nil
	}
	return s
}

// together is how many calls of a request were under way at once.
const together = "impact.calls_at_once"

// defaultDeadline is that of a target that was told of none.
const defaultDeadline = 10 * time.Second

// call is one call that reached a fake.
type call struct {
	journal.Entry
	start, end time.Duration // on the scenario's clock; end is 0 while it is open
	asOf       time.Time     // what it was answered, if it was
	by         *heard        // whose request it belongs to
}

// name is an oracle of a project.
type name struct {
	project int64
	oracle  string
}

// audit is both sides of one run.
type audit struct {
	target   string
	model    model
	kinds    map[string]fault.Kind
	deadline time.Duration
	refused  map[string]bool  // places whose connections were refused
	heard    []*heard         // by the moment of their end
	calls    map[name][]*call // by arrival
	urls     map[name]string
	unheard  map[int64]int // requests about a project that had no answer
	places   map[string]*adapter.Oracles

	far, fresh, told standing.Finding
}

func newAudit(state harness.State, kinds map[string]fault.Kind, deadline time.Duration) *audit {
	l := state.Companion.(*listener)
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &audit{
		target: state.Target, model: l.model, kinds: kinds, deadline: deadline, heard: slices.Clone(l.heard),
		calls: map[name][]*call{}, urls: map[name]string{}, places: map[string]*adapter.Oracles{},
		far: standing.Finding{
			Check: "oracles-asked-once", About: "each request asks each oracle that it must exactly once, as documented and where it is, and no other",
		},
		fresh: standing.Finding{Check: "oracles-own-words", About: "what is ok is what the oracle said in answer to that very request, or within the documented age"},
		told:  standing.Finding{Check: "oracles-errors-true", About: "what failed is an error of its class, and an error has a cause"},
	}
	slices.SortStableFunc(a.heard, func(x, y *heard) int { return cmp.Compare(x.End, y.End) })
	for project, oracles := range a.model.oracles {
		for _, o := range oracles {
			a.urls[name{project, o.Name}] = o.URL
		}
	}
	last := time.Duration(0)
	if len(a.heard) > 0 {
		last = a.heard[len(a.heard)-1].End
	}
	for place, fake := range state.Fakes {
		if oracles, ok := fake.(*adapter.Oracles); ok {
			a.places[place] = oracles
			a.read(place, oracles, state.Start, last)
		}
	}
	for _, calls := range a.calls { // an oracle may have been asked at two places
		slices.SortStableFunc(calls, func(x, y *call) int { return cmp.Compare(x.start, y.start) })
	}
	return a
}

// read takes the calls from a fake, up to the last answer: what comes after it was
// asked by nobody of the load.
func (a *audit) read(place string, oracles *adapter.Oracles, start time.Time, last time.Duration) {
	j := oracles.Journal()
	zero := start.Sub(j.Start())
	for e := range j.Entries(journal.Filter{From: max(zero, 0), To: zero + last}) {
		project, _ := strconv.ParseInt(e.Key, 10, 64) // else it is no project's, and nobody's call
		c := &call{Entry: e, start: e.Start - zero, asOf: oracleapi.AsOf(j, e)}
		if end, over := e.End(); over {
			c.end = end - zero
		}
		of := name{project, e.Group}
		a.calls[of] = append(a.calls[of], c)
		a.far.Looked++
		switch url := a.urls[of]; {
		case e.Odd:
			a.far.Add(standing.Example{At: c.start, What: fmt.Sprintf("%s was not asked about project %s by a plain GET with X-Attempt: 1 at %s", e.Group, e.Key, place)})
		case url != "" && !oracles.Serves(url):
			a.far.Add(standing.Example{At: c.start, What: fmt.Sprintf("%s of project %s was asked at %s, which is not its address", e.Group, e.Key, place)})
		}
	}
}

// findings matches calls with answers: first those that answers quote, then those
// behind errors, then the rest.
func (a *audit) findings() []standing.Finding {
	for _, aged := range []bool{false, true} { // what is quoted again was said to somebody first
		for _, h := range a.heard {
			if h.aged == aged && h.Status == 200 {
				a.quotes(h)
			}
		}
	}
	for _, h := range a.heard {
		if !h.aged && h.Status == 200 {
			a.errors(h)
		}
	}
	a.rest()
	return []standing.Finding{a.far, a.fresh, a.told}
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
