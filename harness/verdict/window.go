package verdict

import (
	"time"

	"holdfast.dev/holdfast/harness/result"
)

// Window is the span of the scenario's clock that a check speaks of.
type Window struct {
	Phase    string // empty: all that follows the warm-up
	From, To time.Duration
}

// WindowOf finds the span of a phase; the empty name is all that follows the
// warm-up, the drain included: what was asked for during the load is often paid
// for after it. ok is false when no such phase took place.
func WindowOf(phases []result.Phase, phase string) (w Window, ok bool) {
	w.Phase = phase
	for _, p := range phases {
		part := phase == p.Name
		if phase == "" {
			part = p.Name != result.WarmUp && p.Name != result.Verify
		}
		if !part {
			continue
		}
		if !ok {
			w.From, ok = p.From, true
		}
		w.To = p.To
	}
	return w, ok
}
