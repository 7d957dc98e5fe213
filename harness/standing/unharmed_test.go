package standing_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/harness/standing"
)

// Each row is what a target does to a table that it only reads.
func TestWhatIsOnlyReadStaysAsItIs(t *testing.T) {
	dsn := databasetest.Empty(t)
	for name, row := range map[string]struct {
		sql    string
		broken int64
	}{
		"reads it":                {"SELECT * FROM things", 0},
		"locks a row":             {"SELECT * FROM things WHERE id = 1 FOR UPDATE", 0},
		"changes a row":           {"UPDATE things SET name = 'x' WHERE id = 1", 1},
		"writes what was there":   {"UPDATE things SET name = name WHERE id = 1", 1},
		"adds one":                {"INSERT INTO things VALUES (4, 'd')", 1},
		"takes one away":          {"DELETE FROM things WHERE id = 1", 1},
		"one away, another added": {"WITH gone AS (DELETE FROM things WHERE id = 1) INSERT INTO things VALUES (5, 'e')", 1},
		"empties it":              {"TRUNCATE things", 1},
		"drops it":                {"DROP TABLE things", 1},
		"another table":           {"INSERT INTO others VALUES (1)", 0},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := pgx.Connect(t.Context(), dsn)
			require.NoError(t, err)
			defer conn.Close(t.Context())
			_, err = conn.Exec(t.Context(), `DROP TABLE IF EXISTS things, others;
				CREATE TABLE things (id int, name text); CREATE TABLE others (id int); INSERT INTO things VALUES (1, 'a'), (2, 'b'), (3, 'c')`)
			require.NoError(t, err)
			w := begin(t, "unharmed", standing.Scene{Data: pool(t, dsn), OnlyRead: []string{"public.things"}})
			_, err = conn.Exec(t.Context(), row.sql)
			require.NoError(t, err)
			w.Drained(t.Context(), standing.Settled{})
			found := w.Ended(standing.Ended{})
			require.Equal(t, row.broken, found.Broken, found.Text())
		})
	}
}

// A table that cannot be read in time is harmed by nobody.
func TestATableThatIsNotReadInTimeIsNotSeen(t *testing.T) {
	dsn := databasetest.Empty(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), "CREATE TABLE things (id int)")
	require.NoError(t, err)
	w := begin(t, "unharmed", standing.Scene{Data: pool(t, dsn), OnlyRead: []string{"things"}})
	_, err = conn.Exec(t.Context(), "BEGIN; LOCK TABLE things")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	w.Drained(ctx, standing.Settled{})
	found := w.Ended(standing.Ended{})
	require.Zero(t, found.Broken)
	require.Contains(t, found.Text(), "the table things could not be read in time")
}

// pool keeps sessions of a database until the test ends.
func pool(t *testing.T, dsn string) *pgxpool.Pool {
	t.Helper()
	kept, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(kept.Close)
	return kept
}
