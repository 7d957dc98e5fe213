package task

import (
	"log/slog"
	"regexp"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// Our migrations have River's tables in their final form, without the indexes that
// only a search among its jobs needs. This is what tells when a newer River wants
// others.
func TestTheTablesAreThoseOfRiversOwnMigrations(t *testing.T) {
	t.Parallel()
	dsn := databases.Empty(t)
	migrator, err := rivermigrate.New(riverpgxv5.New(dbtest.Pool(t, dsn, 2)), nil)
	require.NoError(t, err)
	_, err = migrator.Migrate(t.Context(), rivermigrate.DirectionUp, nil)
	require.NoError(t, err)
	theirs := description(t, dbtest.Connect(t, dsn))
	require.Contains(t, theirs, "column river_job.state river_job_state not null 'available'::river_job_state")
	searched := func(line string) bool { return unused.MatchString(line) }
	require.Len(t, slices.DeleteFunc(slices.Clone(theirs), searched), len(theirs)-3)
	require.Equal(t, slices.DeleteFunc(theirs, searched), description(t, dbtest.Connect(t, projects(t, 30))))
}

// River reindexes all of its indexes that are there, and names no other.
func TestWhatRiverReindexesIsThere(t *testing.T) {
	t.Parallel()
	there := dbtest.Values[string](t, dbtest.Connect(t, projects(t, 30)), "SELECT indexname::text FROM pg_indexes WHERE tablename = 'river_job'")
	require.ElementsMatch(t, there, (&Service{logger: slog.New(slog.DiscardHandler)}).riverConfig().ReindexerIndexNames)
}

// unused are the lines of the indexes that we drop.
var unused = regexp.MustCompile(`^index CREATE INDEX river_job_(args_index|metadata_index|kind) `)

// description lists what a program can notice of River's tables, in any order of
// columns.
func description(t *testing.T, conn *pgx.Conn) []string {
	return dbtest.Values[string](t, conn, `
		SELECT * FROM (
			SELECT concat_ws(' ', 'column', c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
				CASE WHEN a.attnotnull THEN 'not null' END, pg_get_expr(d.adbin, d.adrelid)) AS line
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
			WHERE c.relkind = 'r' AND c.relname LIKE 'river\_%' AND c.relname <> 'river_migration'
			UNION ALL SELECT concat_ws(' ', 'table', relname, relpersistence) FROM pg_class
			WHERE relkind = 'r' AND relname LIKE 'river\_%' AND relname <> 'river_migration'
			UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE tablename LIKE 'river\_%' AND tablename <> 'river_migration'
			UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
			WHERE conrelid::regclass::text LIKE 'river\_%' AND conrelid::regclass::text <> 'river_migration'
			UNION ALL SELECT 'state ' || unnest(enum_range(NULL::river_job_state))
			UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE proname LIKE 'river\_%'
			UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'river\_%' AND NOT tgisinternal
		) all_of_it ORDER BY line`)
}
