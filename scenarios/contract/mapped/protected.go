package mapped

import (
	"slices"

	"holdfast.dev/holdfast/harness"
)

// protected is a scenario with those of its protections that a service can take away.
func protected(sc harness.Scenario, known []string) harness.Scenario {
	others := func(name string) bool { return !slices.Contains(known, name) }
	sc.Protections = slices.DeleteFunc(slices.Clone(sc.Protections), others)
	sc.Checks = slices.Clone(sc.Checks)
	for i := range sc.Checks {
		sc.Checks[i].Protections = slices.DeleteFunc(slices.Clone(sc.Checks[i].Protections), others)
	}
	return sc
}
