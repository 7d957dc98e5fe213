package load

import (
	"iter"

	"holdfast.dev/holdfast/harness/result"
)

// Count tallies requests that were sent before, for example those of a file: what
// was planned is what was sent. Requests should come once each; their order has no
// say. There are no Series, and MaxInFlight is not known.
func Count(stream, shape string, phases []result.Phase, exchanges iter.Seq[Exchange]) Tally {
	by := newPhased(phases)
	var slow slowest
	t := Tally{}
	for x := range exchanges {
		span := by.at(x.Due)
		if x.Unplanned {
			span.sent++
		} else {
			span.send(x.Due, x.Sent)
		}
		span.finish(x)
		slow.consider(x)
		if x.Class == "" {
			t.answered.add(x.N)
		}
	}
	t.Stream = result.Stream{Name: stream, Shape: shape, Slowest: slow.requests()}
	t.whole, t.phases = by.whole(), by.each[:len(phases)]
	var byPhase []result.StreamPhase
	for i, p := range phases {
		byPhase = append(byPhase, result.StreamPhase{Phase: p.Name, Counts: result.Counts{Planned: t.phases[i].sent}})
	}
	t.settle(t.whole.sent, byPhase)
	return t
}
