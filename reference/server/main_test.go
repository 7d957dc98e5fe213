package server_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/reference/schema"
)

var databases databasetest.Server

func TestMain(m *testing.M) { os.Exit(databases.Run(m)) }

// projects returns the DSN of a database of so many seeded projects.
func projects(t testing.TB, n int64) string {
	p := schema.Params{Projects: n, Seed: 1}
	key, err := schema.DataSetKey(p)
	require.NoError(t, err)
	return databases.Clone(t, database.DataSet{Name: fmt.Sprintf("%d projects", n), Key: key,
		Build: func(ctx context.Context, dsn string) error { return schema.Seed(ctx, dsn, p) }})
}
