// Package question asks a target many different questions, of which each has a
// right answer that a model knows, and shows what was answered wrongly as the
// smallest question that still is.
//
// Enter at [Form], which says how one kind of question is asked and judged. It
// makes streams of load ([Form.Stream]) and completes a scenario ([Form.In]):
//
//	form := question.Form[string]{
//		Name: "search answers", About: "Each search gets the one right answer.",
//		Ask:     func(q string) load.Request { return load.Request{Path: "/search?q=" + url.QueryEscape(q)} },
//		Read:    readQuery,                                   // the inverse of Ask
//		Judge:   func(q string, a load.Answer) string { … },  // the class of the answer, empty: right
//		Explain: func(q string, a load.Answer) string { … },  // what was expected and what came
//		Smaller: question.Texts,                              // smaller questions to try
//	}
//	s.Load = []load.Stream{form.Stream("search", profile, drawQuery)}
//	s = form.In(s)
//
// While there is load each answer is judged, equal ones once. When the load is over
// and the faults are undone, what was answered wrongly is asked again, smaller and
// smaller, within [maxAsked] questions and [maxTime]; what is left stands in the
// report as a command to type.
package question

import (
	"context"
	"iter"
	"math/rand/v2"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
)

// Form is one kind of question: how it is asked, and what its answer must be. All
// functions are called from many goroutines at once.
type Form[Q any] struct {
	// Name is short, About says in one sentence what holds of all answers.
	Name, About string
	// Ask is the request that asks q. Read is its inverse, false for a request that
	// is no question of this form.
	Ask  func(q Q) load.Request
	Read func(load.Request) (q Q, ok bool)
	// Judge returns the class of an answer, as [load.Expectation.Judge] does: empty
	// for the right one, [load.ClassShedByTarget] for a refusal that is in order.
	// It may depend on nothing but q and the answer's status, body, Content-Type and
	// Retry-After: an answer that is equal in these is judged once.
	Judge func(q Q, a load.Answer) string
	// Checks lists the classes of its own, check_NAME, that Judge may return.
	Checks []string
	// Explain says in one line what was expected of a wrong answer and what came.
	Explain func(q Q, a load.Answer) string
	// Smaller yields questions that are simpler than q, the simplest first, down to
	// none for the simplest of all. Optional: without it nothing is shrunk.
	Smaller func(q Q) iter.Seq[Q]
	// Learn is given every question that will be asked before there is load, so
	// that finding the right answers does not disturb what is measured. Optional.
	Learn func(questions []Q) error
}

// Stream asks what draw draws, at the moments of the profile. draw may depend on
// its argument alone, so that a run can be repeated.
func (f Form[Q]) Stream(name string, p load.Profile, draw func(*rand.Rand) Q) load.Stream {
	return load.Stream{
		Name: name, Profile: p, Expect: f.Expect(),
		Next: func(_ int64, r *rand.Rand) load.Request { return f.Ask(draw(r)) },
	}
}

// Expect expects the right answer to whatever was asked.
func (f Form[Q]) Expect() load.Expectation {
	known := newJudged()
	return load.Expectation{Name: f.Name, Checks: f.Checks, Refuses: true, Judge: func(a load.Answer) string {
		return known.class(a, func() string {
			q, ok := f.Read(a.Asked)
			if !ok {
				return "" // somebody else's
			}
			return f.Judge(q, a)
		})
	}}
}

// In is the scenario with its answers looked after: they are learned before the
// load, and what is answered wrongly is shrunk after it.
func (f Form[Q]) In(s harness.Scenario) harness.Scenario {
	s.Watches = append(s.Watches[:len(s.Watches):len(s.Watches)], f.watch(s.Load))
	if f.Learn == nil {
		return s
	}
	prepare := s.World.Prepare
	s.World.Prepare = func(ctx context.Context, state harness.State) error {
		if prepare != nil {
			if err := prepare(ctx, state); err != nil {
				return err
			}
		}
		questions, err := f.planned(state.Seed, s.Load)
		if err != nil {
			return err
		}
		return f.Learn(questions)
	}
	return s
}

// planned are the questions that streams will ask, each once.
func (f Form[Q]) planned(seed uint64, streams []load.Stream) ([]Q, error) {
	var all []Q
	seen := map[string]bool{}
	for _, s := range streams {
		request, err := load.Requests(seed, s)
		if err != nil {
			return nil, err
		}
		for n := range load.Planned(s.Profile) {
			r := request(n)
			if seen[key(r)] {
				continue
			}
			seen[key(r)] = true
			if q, ok := f.Read(r); ok {
				all = append(all, q)
			}
		}
	}
	return all, nil
}

// key tells requests apart.
func key(r load.Request) string { return r.Method + " " + r.Path + "\n" + string(r.Body) }
