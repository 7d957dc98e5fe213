package reference

import (
	"context"
	"fmt"
	"strconv"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/reference/schema"
	"holdfast.dev/holdfast/scenarios/profile"
)

// World is that many projects.
func World(projects int) harness.World {
	params := schema.Params{Projects: int64(projects), Seed: profile.DataSeed}
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
		Contract: answers(),
		OnlyRead: []string{
			"categories", "cities", "tags", "owners", "projects", "project_tags", "search_documents", "search_words", "oracles",
		},
		Facts: map[string]string{"projects": strconv.Itoa(projects)},
	}
}
