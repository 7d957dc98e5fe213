package harness

import (
	"context"
	"fmt"
	"maps"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
)

// informed is a place at which the names in a fault, such as {api.url}, stand for what is
// known when it is laid.
type informed struct {
	chaos.Place
	values map[string]string
}

// Apply implements [chaos.Place].
func (p informed) Apply(ctx context.Context, f fault.Fault) (chaos.Applied, error) {
	kind, err := fault.Filled(f.Kind, func(text string) (string, error) { return fillText(text, p.values) })
	if err != nil {
		return nil, fmt.Errorf("lay the fault %q: %w", f.ID, err)
	}
	f.Kind = kind
	return p.Place.Apply(ctx, f)
}

// inform has faults know these values by their names.
func inform(places map[string]chaos.Place, values map[string]string) map[string]chaos.Place {
	all := make(map[string]chaos.Place, len(places))
	for name, place := range places {
		all[name] = informed{place, values}
	}
	return all
}

// validateLed reports a name in a fault that is of no dependency.
func (s Scenario) validateLed(p *problems, f Fault) {
	known := map[string]string{}
	for _, d := range s.World.Dependencies {
		maps.Copy(known, map[string]string{d.Name + ".url": "", d.Name + ".host": "", d.Name + ".port": "", d.Name + ".address": ""})
	}
	if _, err := fault.Filled(f.Kind, func(text string) (string, error) { return fillText(text, known) }); err != nil {
		p.say("fault %q: %w", f.ID, err)
	}
}
