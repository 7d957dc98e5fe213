package oracle

import (
	"net/http"
	"slices"

	"holdfast.dev/holdfast/fakes/journal"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/scenarios/contract"
)

// cause is what a call that came to that end must be called in the answer.
type cause struct {
	classes []contract.ImpactClass // of the error; empty: it may be none
	ok      bool                   // it may have been answered well, or must where it may not fail
}

// causeOf is what the end of a call at the fake means for the answer: by the faults
// that acted on it, else by how it ended. What a fault only slows down may be either.
func causeOf(e journal.Entry, kinds map[string]fault.Kind) cause {
	whole := e.Outcome == journal.Answered && e.Status == http.StatusOK
	var all cause
	slowed := len(e.Faults) > 0
	for _, id := range e.Faults {
		classes, spoilt := classesOf(kinds[id])
		all.classes = append(all.classes, classes...)
		slowed = slowed && !spoilt
	}
	switch {
	case len(e.Faults) == 0 && whole:
		all.ok = true
	case len(e.Faults) == 0 && e.Status >= 300:
		all.classes = []contract.ImpactClass{contract.BadStatus}
	case len(e.Faults) == 0: // the target let go of it
		all.classes = []contract.ImpactClass{contract.TimedOut, contract.Connection}
	case slowed:
		all.ok = whole
	}
	return all
}

// classesOf are the errors that a fault leads to, and whether the call that it acts
// on can't be answered well any more.
func classesOf(kind fault.Kind) (classes []contract.ImpactClass, spoilt bool) {
	switch k := kind.(type) {
	case fault.Delay, fault.Drip, fault.Bandwidth, fault.Hang:
		return []contract.ImpactClass{contract.TimedOut}, false
	case fault.Overload: // beyond what it carries it refuses
		return []contract.ImpactClass{contract.TimedOut, contract.BadStatus}, false
	case fault.Status:
		return []contract.ImpactClass{contract.BadStatus}, true
	case fault.JSON:
		if k.How == "nocontent" {
			return []contract.ImpactClass{contract.BadStatus, contract.BadPayload}, true
		}
		return []contract.ImpactClass{contract.BadPayload, contract.Unexpected}, true
	case fault.Wrong:
		return []contract.ImpactClass{contract.BadPayload}, true
	case fault.Cut, fault.BadChunk, fault.Reset:
		return []contract.ImpactClass{contract.Connection, contract.BadPayload}, true
	case fault.Endless, fault.GzipBomb:
		return []contract.ImpactClass{contract.TooLarge}, true
	case fault.BigHeader:
		return []contract.ImpactClass{contract.TooLarge, contract.Connection}, true
	case fault.Redirect:
		return []contract.ImpactClass{contract.BadStatus, contract.BadPayload, contract.Unexpected, contract.Connection}, true
	}
	return []contract.ImpactClass{contract.Connection}, true // close, garbage, idleclose, lost, refuse
}

// fits reports whether an error of a class may come of it.
func (c cause) fits(class contract.ImpactClass) bool { return slices.Contains(c.classes, class) }

// sick reports whether the end of a call may say that the oracle is in no state to
// answer, and not that it finds the question wrong.
func sick(e journal.Entry, kinds map[string]fault.Kind) bool {
	if e.Status >= 500 || e.Status == http.StatusTooManyRequests {
		return true
	}
	c := causeOf(e, kinds)
	return c.fits(contract.TimedOut) || c.fits(contract.Connection)
}
