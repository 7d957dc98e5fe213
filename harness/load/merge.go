package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness/result"
)

// Merge puts two tallies of one stream together: parts of a load that were sent
// by different generators, or one after another. It does not matter in which
// order parts are merged, nor which first.
//
// What does not add up is left out or bounded: there are no Series and no Heat, MaxInFlight
// and Health.CPUShare are those of the part that had more, and Problem is one of
// the parts'.
func Merge(a, b Tally) (Tally, error) {
	if a.Name != b.Name {
		return Tally{}, fmt.Errorf("merge tallies: %q and %q are different streams", a.Name, b.Name)
	}
	if !slices.EqualFunc(a.Phases, b.Phases, func(a, b result.StreamPhase) bool { return a.Phase == b.Phase }) {
		return Tally{}, fmt.Errorf("merge tallies of %s: their phases differ", a.Name)
	}
	t := Tally{
		Stream: result.Stream{
			Name: a.Name, StepOf: a.StepOf, Shape: shapes(a.Shape, b.Shape), MaxInFlight: max(a.MaxInFlight, b.MaxInFlight),
			Slowest: slowestOf(a.Slowest, b.Slowest), SlowestTraced: slowestOf(a.SlowestTraced, b.SlowestTraced),
		},
		Health:   Health{CPUShare: larger(a.Health.CPUShare, b.Health.CPUShare)},
		Problem:  firstOf(a.Problem, b.Problem),
		answered: a.answered.with(b.answered),
	}
	t.whole.merge(&a.whole)
	t.whole.merge(&b.whole)
	t.phases, t.together = make([]counted, len(a.phases)), make([]counted, len(a.phases))
	var byPhase []result.StreamPhase
	for i := range a.phases {
		t.phases[i].merge(&a.phases[i])
		t.phases[i].merge(&b.phases[i])
		t.together[i].merge(&a.together[i])
		t.together[i].merge(&b.together[i])
		byPhase = append(byPhase, result.StreamPhase{
			Phase: a.Phases[i].Phase, Counts: result.Counts{Planned: a.Phases[i].Planned + b.Phases[i].Planned},
		})
	}
	t.settle(a.Planned+b.Planned, byPhase)
	t.encode()
	return t, nil
}

// shapeAnd stands between the shapes of parts that differ.
const shapeAnd = " and "

// shapes names what was planned, each shape once, in alphabetical order.
func shapes(a, b string) string {
	all := slices.Concat(strings.Split(a, shapeAnd), strings.Split(b, shapeAnd))
	slices.Sort(all)
	return strings.TrimPrefix(strings.Join(slices.Compact(all), shapeAnd), shapeAnd)
}

func larger(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

// firstOf returns an error, the same whichever comes first.
func firstOf(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil || cmp.Compare(a.Error(), b.Error()) <= 0:
		return a
	}
	return b
}
