package schema

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// Rows that come frozen are not written once more by VACUUM, as those of INSERT are:
// seeding a million took half as long again for that.
func TestRowsComeFrozen(t *testing.T) {
	t.Parallel()
	conn := dbtest.Connect(t, databases.Empty(t))
	const rows = 20_000
	dbtest.Exec(t, conn, `CREATE TABLE filled (id bigint NOT NULL, text text NOT NULL) WITH (autovacuum_enabled = false);
		CREATE TABLE plain (LIKE filled) WITH (autovacuum_enabled = false)`)
	filled := table{"filled", []column{{"id", pgtype.Int8OID}, {"text", pgtype.TextOID}}}
	require.NoError(t, fillWith(t.Context(), conn, filled, make([]struct{}, rows), func(struct{}) []any {
		return []any{int64(7), strings.Repeat("élève ", 20)}
	}))
	require.Equal(t, []int64{rows}, dbtest.Values[int64](t, conn, "SELECT count(*) FROM filled WHERE id = 7 AND text = repeat('élève ', 20)"))
	dbtest.Exec(t, conn, "INSERT INTO plain SELECT * FROM filled")

	// Pages that VACUUM has nothing to do with are in the visibility map: ANALYZE counts
	// them there, and adds none.
	dbtest.Exec(t, conn, "ANALYZE filled, plain")
	counted := func(table, pages string) int32 {
		return dbtest.Values[int32](t, conn, "SELECT "+pages+" FROM pg_class WHERE oid = $1::text::regclass", table)[0]
	}
	require.Positive(t, counted("filled", "relpages"))
	require.Equal(t, counted("filled", "relpages"), counted("filled", "relallvisible"))
	require.Zero(t, counted("plain", "relallvisible"))
}

func TestWhatIsOfAnotherTypeIsRefused(t *testing.T) {
	t.Parallel()
	e := taggingsTable.encoder()
	require.NoError(t, e.row(int64(1), int32(2)))
	require.ErrorContains(t, e.row(int64(1), "two"), "project_tags.tag_id")
}
