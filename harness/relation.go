package harness

import (
	"fmt"
	"slices"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
)

// Relation is a metric of its own: how many times as much one metric is as another
// of the same unit, over the same time. What slows both down alike, a machine that is
// slow or that others use, hardly moves it, so that a limit on it may be a close one.
type Relation struct {
	// Name is that of the metric, for example rare.times.
	Name string
	// Of and To are the metrics: Of is divided by To.
	Of, To string
}

// addRelation enters a relation between what is entered already. It rests on as many
// samples as the metric with the fewer, and is as much the machine's doing as either.
func (r metrics) addRelation(rel Relation) {
	of, to := r.Descriptor(rel.Of), r.Descriptor(rel.To)
	r.Add(verdict.Descriptor{
		Name: rel.Name, Unit: result.UnitFraction, Timed: of.OfTime() || to.OfTime(), MinSamples: max(of.MinSamples, to.MinSamples),
		About: fmt.Sprintf("how many times as much %s is as %s", rel.Of, rel.To),
	}, verdict.Source{Read: func(w verdict.Window) verdict.Reading {
		of, to := r.Read(rel.Of, w), r.Read(rel.To, w)
		if of.Samples == 0 || to.Samples == 0 || to.Value == 0 {
			return verdict.Reading{}
		}
		return verdict.Reading{Value: of.Value / to.Value, Samples: min(of.Samples, to.Samples)}
	}})
}

// validateRelations reports relations that mean nothing.
func (s Scenario) validateRelations(p *problems) {
	relations := s.Relations
	s.Relations = nil
	known := registry(s, Measurement{})
	for i, rel := range relations {
		same := func(other Relation) bool { return other.Name == rel.Name }
		if rel.Name == "" || slices.Contains(known.Names(), rel.Name) || slices.ContainsFunc(relations[:i], same) {
			p.say("a relation is called %q: it needs a name that no other metric has", rel.Name)
		}
		missing := false
		for _, metric := range []string{rel.Of, rel.To} {
			if !slices.Contains(known.Names(), metric) {
				p.say("relation %s: nothing measures %q%s", rel.Name, metric, hint(metric, known.Names()))
				missing = true
			}
		}
		if of, to := known.Descriptor(rel.Of), known.Descriptor(rel.To); !missing && of.Unit != to.Unit {
			p.say("relation %s: %s and %s are not of one unit", rel.Name, rel.Of, rel.To)
		}
	}
}
