package task

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"holdfast/harness/database"
	"holdfast/harness/database/databasetest"
	"holdfast/reference/schema"
)

var databases databasetest.Server

func TestMain(m *testing.M) { os.Exit(databases.Run(m)) }

// fresh returns the DSN of an empty database.
func fresh(t testing.TB) string {
	return databases.Clone(t, database.DataSet{Name: "nothing", Key: "reference-nothing",
		Build: func(context.Context, string) error { return nil }})
}

// projects returns the DSN of a database of so many seeded projects.
func projects(t testing.TB, n int64) string {
	p := schema.Params{Projects: n, Seed: 1}
	key, err := schema.DataSetKey(p)
	require.NoError(t, err)
	return databases.Clone(t, database.DataSet{Name: fmt.Sprintf("%d projects", n), Key: key,
		Build: func(ctx context.Context, dsn string) error { return schema.Seed(ctx, dsn, p) }})
}

// open returns a pool that closes with the test.
func open(t testing.TB, dsn string, connections int) *pgxpool.Pool {
	c, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	c.MaxConns = int32(connections)
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}
