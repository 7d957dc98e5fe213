package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios/oracle"
	"holdfast.dev/holdfast/scenarios/search"
	"holdfast.dev/holdfast/scenarios/task"
)

// PromisesOver are those rows of the source's table of gains that can be measured on
// somebody's service, before and after by the switches that its protections have, and a
// line on each that cannot.
func PromisesOver(p Profile, c Contracts, protections []harness.Protection) (all []harness.Promise, without []string) {
	var rows []harness.Promise
	if c.Search != nil {
		rows = append(rows, search.PromisesOf(p, *c.Search, protections)...)
	}
	if c.Impact != nil {
		rows = append(rows, oracle.PromisesOf(p, *c.Impact, protections)...)
	}
	if c.Tasks != nil {
		rows = append(rows, task.Promises(p, *c.Tasks, protections)...)
	}
	for _, row := range rows {
		named := row.Before
		row.Before = slices.DeleteFunc(slices.Clone(named), func(one harness.Protection) bool { return !known(protections, one) })
		switch {
		case len(row.Scenario.Lacks) > 0:
			without = append(without, fmt.Sprintf("%s: %s", row.Name, strings.Join(row.Scenario.Lacks, "; ")))
		case !known(protections, named[0]): // the one that makes the difference
			without = append(without, fmt.Sprintf("%s: nothing takes %s away: add it to protections", row.Name, named[0].Name))
		default:
			all = append(all, row)
		}
	}
	return all, without
}

// known reports whether a protection is one of those that a service has.
func known(all []harness.Protection, one harness.Protection) bool {
	return slices.ContainsFunc(all, func(p harness.Protection) bool { return p.Name == one.Name })
}
