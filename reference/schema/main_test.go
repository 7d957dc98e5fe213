package schema

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/reference/internal/dbtest"
)

var databases databasetest.Server

func TestMain(m *testing.M) { os.Exit(databases.Run(m)) }

// seeded returns a session on a database of so many projects.
func seeded(t testing.TB, projects int64, seed uint64) *pgx.Conn {
	dsn := databases.Empty(t)
	require.NoError(t, Seed(context.Background(), dsn, Params{Projects: projects, Seed: seed}))
	return dbtest.Connect(t, dsn)
}

// migrated returns a session on an empty database with the schema.
func migrated(t testing.TB) *pgx.Conn {
	conn := dbtest.Connect(t, databases.Empty(t))
	require.NoError(t, Migrate(context.Background(), conn))
	return conn
}
