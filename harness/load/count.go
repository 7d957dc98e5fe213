package load

import (
	"iter"

	"holdfast.dev/holdfast/harness/result"
)

// Count tallies requests that were sent before: see [Counter].
func Count(stream, shape string, phases []result.Phase, exchanges iter.Seq[Exchange]) Tally {
	c := NewCounter(stream, shape, phases)
	for x := range exchanges {
		c.Add(x)
	}
	return c.Tally()
}

// Counter tallies requests of one stream that were sent before, for example those
// of a file: what was planned is what was sent. Requests come once each; their
// order has no say. There are no Series, and MaxInFlight is not known. What it
// needs of memory does not depend on how many requests there are, but for a bit
// for each number up to the largest.
type Counter struct {
	stream, shape string
	phased        phased
	slowest       slowest
	answered      numbers
}

// NewCounter returns a counter that has counted nothing.
func NewCounter(stream, shape string, phases []result.Phase) *Counter {
	return &Counter{stream: stream, shape: shape, phased: newPhased(phases, 0)}
}

// Add counts a request, whose number is not negative.
func (c *Counter) Add(x Exchange) {
	c.phased.at(x.Due).sent++
	c.phased.finish(&x)
	c.slowest.consider(&x)
	if x.Class == "" {
		c.answered.add(x.N)
	}
}

// Tally returns what was counted. Nothing may be added afterwards.
func (c *Counter) Tally() Tally {
	alone, together := c.phased.apart()
	t := Tally{
		Stream: result.Stream{Name: c.stream, Shape: c.shape, Slowest: c.slowest.requests()},
		whole:  c.phased.whole(), phases: alone, together: together, answered: c.answered,
	}
	var byPhase []result.StreamPhase
	for i, p := range c.phased.phases {
		byPhase = append(byPhase, result.StreamPhase{Phase: p.Name, Counts: result.Counts{Planned: t.phases[i].sent}})
	}
	t.settle(t.whole.sent, byPhase)
	t.encode()
	return t
}
