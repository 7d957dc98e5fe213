package scenarios_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios/contract/reference"
)

// lockedTable is the scenario that docs/scenarios.md shows.
var lockedTable = harness.Scenario{
	Name:        "search/locked-table",
	Claim:       "A migration that locks the table costs each search its statement timeout, and not one moment more.",
	Protections: []string{"search.statement-timeout"},
	World:       reference.World(10_000),
	Settings:    map[string]string{"SEARCH_STATEMENT_TIMEOUT": "300ms"},
	Timeline:    harness.Timeline{WarmUp: time.Second, Baseline: 2 * time.Second, Inject: 3 * time.Second, Heal: 3 * time.Second},
	Load: []load.Stream{{
		Name: "search", Profile: load.Constant(20, 9*time.Second), Refused: load.Refusal(),
		Next: func(int64, *rand.Rand) load.Request { return load.Request{Path: "/search?q=reforestation"} },
	}},
	Faults: []harness.Fault{{ID: "lock", On: harness.OnPostgres, Kind: fault.LockTable{Table: "search_documents"}}},
	Checks: []verdict.Check{
		verdict.Metric("search.latency.max").AtMost(verdict.Duration(1200 * time.Millisecond)).Guarding("search.statement-timeout"),
		verdict.Metric("search.failed").Equals(verdict.Count(0)),
	},
}

// What is wrong with a scenario as data is told before anything is started.
func Example() {
	fmt.Println(lockedTable.Validate())

	mistyped := lockedTable
	mistyped.Faults = []harness.Fault{{ID: "lock", On: "postgress", Kind: fault.LockTable{Table: "search_documents"}}}
	fmt.Println(mistyped.Validate())
	// Output:
	// <nil>
	// scenario search/locked-table: fault "lock": there is no place "postgress"; did you mean "postgres"?
}
