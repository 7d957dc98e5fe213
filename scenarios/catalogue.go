// Package scenarios is the catalogue: what Holdfast can show about the search,
// oracle and task services, as data, and the protections that it is shown of.
//
// Enter at [Catalogue] and [Protections]. To read scenarios, start with
// scenarios/search, whose first is the simplest; then scenarios/oracle, which
// adds APIs that fail; then scenarios/task, which adds work behind the answers
// and the ledger. What all three share is scenarios/profile.
//
// A scenario knows the target by its HTTP contract and its environment alone, and
// of the reference only the data that it searches, so that it runs against
// somebody else's service too.
package scenarios

import (
	"slices"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios/contract"
	"holdfast.dev/holdfast/scenarios/contract/reference"
	"holdfast.dev/holdfast/scenarios/oracle"
	"holdfast.dev/holdfast/scenarios/profile"
	"holdfast.dev/holdfast/scenarios/search"
	"holdfast.dev/holdfast/scenarios/task"
)

// Profile is how big and how long the scenarios are.
type Profile = profile.Profile

// ProfileNames lists the names of the profiles, the quickest first.
func ProfileNames() []string { return profile.Names() }

// ProfileByName finds a profile.
func ProfileByName(name string) (Profile, error) { return profile.ByName(name) }

// Catalogue lists every scenario of a profile, service by service.
func Catalogue(p Profile) []harness.Scenario {
	searches := reference.Searches()
	return slices.Concat(search.Scenarios(p, searches), oracle.Scenarios(p, reference.Impact, searches), task.Of(p, reference.Tasks(p.Projects, searches(p.Projects))))
}

// Contracts are what a service does that the catalogue has scenarios for.
type Contracts = contract.All

// Over lists the scenarios of a profile that are tried on somebody's service, at the
// size of the data that it has. The first of each contract asks whether the service is
// the one that was mapped. One that needs what nobody told is there too, and not
// exercised.
func Over(p Profile, c Contracts) []harness.Scenario {
	var all []harness.Scenario
	if c.Search != nil {
		all = append(append(all, search.AsMapped(p, *c.Search)), search.Of(p, *c.Search)...)
	}
	if c.Impact != nil {
		all = append(append(all, oracle.AsMapped(p, *c.Impact)), oracle.Of(p, *c.Impact, c.Search)...)
	}
	if c.Tasks != nil {
		all = append(append(all, task.AsMapped(p, *c.Tasks)), task.Of(p, *c.Tasks)...)
	}
	return all
}

// Smoke lists those of [Over] that are as short as they can be: as a Go test runs them.
func Smoke(c Contracts) []harness.Scenario {
	p, _ := ProfileByName("smoke") // there is one
	return Over(p, c)
}

// AsksWhetherMapped reports whether a scenario of [Over] is one that asks a service
// whether it is the one that was mapped.
func AsksWhetherMapped(s harness.Scenario) bool {
	return slices.Contains([]string{search.AsMappedName, oracle.AsMappedName, task.AsMappedName}, s.Name)
}

// Protections lists every safeguard that can be taken away, each as the
// environment of the target that does so. The names of the variables are the
// source's own where it has one, so that the same scenarios can switch a
// protection of somebody else's service.
func Protections() []harness.Protection {
	all := slices.Concat(reference.SearchProtections(), reference.ImpactProtections(), reference.TaskProtections())
	for i := range all {
		all[i].Runbook = "docs/target-contract.md"
	}
	return all
}

// Promises are the rows of the source's own table of gains, at the sizes that it
// names, with the load of its own recommended tests.
func Promises(p Profile) []harness.Promise {
	searches := reference.Searches()
	return slices.Concat(search.Promises(p, searches, reference.SearchProtections()), oracle.Promises(p, reference.Impact, reference.ImpactProtections()), task.Promises(p, reference.Tasks(p.Projects, searches(p.Projects)), reference.TaskProtections()))
}

// Growths are the curves behind "good for 100,000 projects, for millions, for
// thousands of oracles".
func Growths(p Profile) []harness.Growth {
	return []harness.Growth{search.Growth(p, reference.Searches(), reference.SearchProtections()), oracle.Growth(p, reference.Impact, reference.ImpactProtections())}
}
