package profile

import (
	"context"
	"fmt"
	"strconv"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/contract"
)

// MaxMemory is the source's "mémoire < 100MB" for a target, read strictly:
// 100,000,000 bytes.
const MaxMemory = 100e6

// DataSeed makes the data the same in every run, whatever the run's own seed:
// a seeded template is built once and used by all.
const DataSeed = 1

// World is that many projects.
func World(projects int) harness.World {
	params := schema.Params{Projects: int64(projects), Seed: DataSeed}
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
		Contract: contract.Of(),
		OnlyRead: []string{
			"categories", "cities", "tags", "owners", "projects", "project_tags", "search_documents", "search_words", "oracles",
		},
		Facts: map[string]string{"projects": strconv.Itoa(projects)},
	}
}
