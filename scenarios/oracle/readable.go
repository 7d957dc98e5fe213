package oracle

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios/contract"
)

// unreadable is the class of an answer with a word of which nobody told what it means, and
// on which it depends whether the answer is right.
const unreadable = "check_mapped"

// unread are the classes of answers that cannot be read: none, of a service of which each
// word is known.
func (s *service) unread() []string {
	if s.Tells.Said {
		return nil
	}
	return []string{unreadable}
}

// readable is a scenario that is not exercised where an answer could not be read.
func (s *service) readable(sc harness.Scenario) harness.Scenario {
	sc.Companion = func() harness.Companion { return &reader{service: s} }
	sc.Reconcile = func(_ context.Context, state harness.State) (harness.Reconciliation, error) {
		r := state.Companion.(*reader)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.what != "" {
			return harness.Reconciliation{}, harness.Unmet(fmt.Errorf("the target does not answer as it was told to: %w", &contract.UnmappedError{What: r.what}))
		}
		return harness.Reconciliation{}, nil
	}
	return sc
}

// reader goes along with one run and remembers the first word that nobody told.
type reader struct {
	service *service

	mu   sync.Mutex // guards what
	what string
}

// Answered hears an answer.
func (r *reader) Answered(x load.Exchange, _ load.Request, a load.Answer) {
	if x.Class != unreadable {
		return
	}
	got, _ := r.service.Read(a)
	mayFail := r.service.mayFail[r.service.asksAbout[x.Stream]]
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, api := range slices.Sorted(maps.Keys(got.Results)) {
		if one := got.Results[api]; r.what == "" && one.Unmapped != "" && !r.service.fits(mayFail, api, one) {
			r.what = fmt.Sprintf("contracts.impact, %s: %s", api, one.Unmapped)
		}
	}
}

// Follow has nothing to look at beside the load.
func (r *reader) Follow(context.Context, harness.State) {}
