package coverage

import (
	"slices"
	"strings"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/result"
)

// effects are those that kinds of faults can have, by name. Those of callbacks are
// called by the kind.
func effects() map[string][]string {
	all := map[string][]string{}
	for effect, kinds := range map[string]string{
		result.Slow:          "delay slow-accept drip slicer bandwidth overload lock-table cancel-lost starve",
		result.Down:          "hang refuse close reset idleclose black-hole hold-connections terminate-backends crash kill terminate pause squeeze hide-key",
		result.LosingReplies: "lost reset black-hole status limit-data cut badchunk",
		result.GivingErrors:  "status sqlstate revoke-key",
		result.Wrongly:       "garbage json wrong gzipbomb endless bigheader redirect",
	} {
		for kind := range strings.FieldsSeq(kinds) {
			all[kind] = append(all[kind], effect)
		}
	}
	return all
}

// order is that of effects in a result.
func order() []string {
	return []string{result.Slow, result.Down, result.LosingReplies, result.GivingErrors, result.Wrongly}
}

// effectsOf are those that a kind has as it is laid.
func effectsOf(kind fault.Kind) []string {
	var all []string
	for _, k := range fault.Steps(kind) {
		all = add(all, effectOf(k))
	}
	return all
}

func effectOf(kind fault.Kind) string {
	switch k := kind.(type) {
	case fault.Reset:
		if k.At != "" { // the work is done
			return result.LosingReplies
		}
		return result.Down
	case fault.BlackHole:
		if k.Lose && k.Direction == fault.Down {
			return result.LosingReplies
		}
		return result.Down
	case fault.Status:
		if k.CarriedOut {
			return result.LosingReplies
		}
		return result.GivingErrors
	}
	if known := effects()[kind.Name()]; len(known) == 1 {
		return known[0]
	}
	return kind.Name()
}

// places are where things can go wrong, with what does.
type places struct {
	all  []result.CoveredPlace
	hook map[string]bool // those of callbacks
	laid []laid
}

// laid is a fault of a scenario, and an effect that it has at a place.
type laid struct {
	scenario, fault string
	place, effect   int
}

func newPlaces(known []Place) *places {
	p := &places{hook: map[string]bool{}}
	for _, one := range known {
		hooked := one.Support.Carries(fault.Twice{}.Name())
		p.hook[one.Name] = hooked
		p.all = append(p.all, result.CoveredPlace{Place: one.Name, Effects: possible(one.Support, hooked)})
	}
	return p
}

// possible are the effects that can be had at a place.
func possible(s fault.Support, hooked bool) []result.Effect {
	can := map[string]bool{}
	var kinds []string
	for _, carried := range s.Kinds {
		kinds = add(kinds, carried.Kind)
		for _, effect := range effects()[carried.Kind] {
			can[effect] = true
		}
	}
	names := slices.DeleteFunc(order(), func(effect string) bool { return !can[effect] })
	if hooked {
		names = kinds
	}
	all := make([]result.Effect, len(names))
	for i, name := range names {
		all[i] = result.Effect{Name: name, Scenarios: []string{}}
	}
	return all
}

// plan enters what a scenario has go wrong. What is laid at a place is laid at its
// parts, and what is laid at a part counts for the whole, but for webhooks, which have
// faults of their own.
func (p *places) plan(s Scenario) {
	for _, f := range s.Faults {
		for i, place := range p.all {
			hooked := p.hook[place.Place]
			if hooked != p.hook[f.Place] || !within(f.Place, place.Place) && !within(place.Place, f.Place) {
				continue
			}
			names := effectsOf(f.Kind)
			if hooked {
				names = []string{f.Kind.Name()}
			}
			for j := range place.Effects {
				if e := &place.Effects[j]; slices.Contains(names, e.Name) {
					e.Scenarios = add(e.Scenarios, s.Name)
					p.laid = append(p.laid, laid{s.Name, f.ID, i, j})
				}
			}
		}
	}
}

// within says whether a place is another one or a part of it.
func within(part, whole string) bool { return part == whole || strings.HasPrefix(part, whole+".") }

// with are the places with how often they were called and faults acted in a run.
func (p *places) with(run []result.Scenario) []result.CoveredPlace {
	all := make([]result.CoveredPlace, len(p.all)) // never null in JSON
	for i, place := range p.all {
		all[i] = result.CoveredPlace{Place: place.Place, Effects: slices.Clone(place.Effects)}
	}
	for _, ran := range run {
		for i := range all {
			if n, seen := ran.Calls[all[i].Place]; seen {
				if all[i].Calls == nil {
					all[i].Calls = new(int64)
				}
				*all[i].Calls += n
			}
		}
		for _, l := range p.laid {
			for _, receipt := range ran.Faults {
				if l.scenario == ran.Name && l.fault == receipt.ID {
					all[l.place].Effects[l.effect].Fired += receipt.Fired
				}
			}
		}
	}
	return all
}
