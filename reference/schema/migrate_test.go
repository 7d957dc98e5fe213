package schema

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

func TestMigrateAppliesEveryMigrationOnce(t *testing.T) {
	t.Parallel()
	conn := migrated(t)
	first := dbtest.Values[string](t, conn, "SELECT version || ' ' || applied_at FROM schema_migrations ORDER BY 1")
	require.GreaterOrEqual(t, len(first), 3)
	version, err := appliedVersion(t.Context(), conn)
	require.NoError(t, err)
	require.Equal(t, len(first), version)

	require.NoError(t, Migrate(t.Context(), conn))
	require.Equal(t, first, dbtest.Values[string](t, conn, "SELECT version || ' ' || applied_at FROM schema_migrations ORDER BY 1"))
}

func TestMigrateOnlyReadsWhenNothingIsMissing(t *testing.T) {
	t.Parallel()
	conn := migrated(t)
	dbtest.Exec(t, conn, "SET default_transaction_read_only = on")
	require.NoError(t, Migrate(t.Context(), conn))

	dbtest.Exec(t, conn, "SET default_transaction_read_only = off")
	dbtest.Exec(t, conn, "DROP TABLE schema_migrations")
	dbtest.Exec(t, conn, "SET default_transaction_read_only = on")
	require.Error(t, Migrate(t.Context(), conn), "the check above would notice a write")
}

func TestProgramsMayMigrateOneDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	dsn := databases.Empty(t)
	group, ctx := errgroup.WithContext(t.Context())
	for range 6 {
		conn := dbtest.Connect(t, dsn)
		group.Go(func() error { return Migrate(ctx, conn) })
	}
	require.NoError(t, group.Wait())
}

func TestADatabaseWithoutSchemaHasVersionZero(t *testing.T) {
	t.Parallel()
	version, err := appliedVersion(t.Context(), dbtest.Connect(t, databases.Empty(t)))
	require.NoError(t, err)
	require.Zero(t, version)
}

func TestAFailedMigrationLeavesTheOnesBeforeIt(t *testing.T) {
	t.Parallel()
	conn := dbtest.Connect(t, databases.Empty(t))
	dbtest.Exec(t, conn, "CREATE FUNCTION search_grams(text) RETURNS int LANGUAGE sql AS 'SELECT 1'") // in the way of the second
	err := Migrate(context.Background(), conn)
	require.ErrorContains(t, err, "apply migration 0002_keys_and_indexes")
	version, err := appliedVersion(t.Context(), conn)
	require.NoError(t, err)
	require.Equal(t, 1, version)

	dbtest.Exec(t, conn, "DROP FUNCTION search_grams(text)")
	require.NoError(t, Migrate(t.Context(), conn), "and can be tried again")
}
