package schema_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast/reference/internal/dbtest"
	"holdfast/reference/schema"
)

// serverDSN names a database server for tests.
func serverDSN(t testing.TB) string {
	dsn := os.Getenv("HOLDFAST_TEST_DATABASE_URL")
	if dsn == "" {
		t.Skip("HOLDFAST_TEST_DATABASE_URL is not set")
	}
	return dsn
}

// seeded returns a session on a database of so many projects.
func seeded(t testing.TB, projects int64, seed uint64) *pgx.Conn {
	dsn := dbtest.Fresh(t, serverDSN(t))
	require.NoError(t, schema.Seed(context.Background(), dsn, schema.Params{Projects: projects, Seed: seed}))
	return dbtest.Connect(t, dsn)
}

// migrated returns a session on an empty database with the schema.
func migrated(t testing.TB) *pgx.Conn {
	conn := dbtest.Connect(t, dbtest.Fresh(t, serverDSN(t)))
	require.NoError(t, schema.Migrate(context.Background(), conn))
	return conn
}
