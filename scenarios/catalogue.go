// Package scenarios is the catalogue: what Holdfast can show about the search,
// oracle and task services, as data, and the protections that it is shown of.
//
// Enter at [Catalogue] and [Protections]. A scenario knows the target by its
// HTTP contract and its environment alone, and of the reference only the data
// that it searches, so that it runs against somebody else's service too.
package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/reference/schema"
)

// Catalogue lists every scenario of a profile, service by service.
func Catalogue(p Profile) []harness.Scenario {
	return slices.Concat(searchScenarios(p), oracleScenarios(p), taskScenarios(p))
}

// dataSeed makes the data the same in every run, whatever the run's own seed:
// a seeded template is built once and used by all.
const dataSeed = 1

// world is that many projects.
func world(projects int) harness.World {
	params := schema.Params{Projects: int64(projects), Seed: dataSeed}
	key, err := schema.DataSetKey(params)
	return harness.World{
		Data: database.DataSet{
			Name: fmt.Sprintf("%d projects", projects),
			Key:  key,
			Build: func(ctx context.Context, dsn string) error {
				if err != nil {
					return err
				}
				return schema.Seed(ctx, dsn, params)
			},
		},
		Facts: map[string]string{"projects": strconv.Itoa(projects)},
	}
}
