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
	return slices.Concat(search.Scenarios(p), oracle.Scenarios(p), task.Scenarios(p))
}

// Protections lists every safeguard that can be taken away, each as the
// environment of the target that does so. The names of the variables are the
// source's own where it has one, so that the same scenarios can switch a
// protection of somebody else's service.
func Protections() []harness.Protection {
	return slices.Concat(search.Protections(), oracle.Protections(), task.Protections())
}

// Promises are the rows of the source's own table of gains, at the sizes that it
// names, with the load of its own recommended tests.
func Promises(p Profile) []harness.Promise {
	return slices.Concat(search.Promises(p), oracle.Promises(p), task.Promises(p))
}

// Growths are the curves behind "good for 100,000 projects, for millions, for
// thousands of oracles".
func Growths(p Profile) []harness.Growth {
	return []harness.Growth{search.Growth(p), oracle.Growth(p)}
}
