package schema

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// someOracles returns so many, every third of them not active.
func someOracles(n int) []Oracle {
	all := make([]Oracle, n)
	for i := range all {
		all[i] = Oracle{Name: fmt.Sprint("oracle-", i), URL: fmt.Sprint("http://example.org/", i), Active: i%3 != 2, Position: i}
	}
	return all
}

// counts returns the active oracles of each project that has any: as they are
// kept, and as they are counted.
func counts(t *testing.T, conn *pgx.Conn) (kept, counted []string) {
	t.Helper()
	return dbtest.Values[string](t, conn, "SELECT id || ': ' || active_oracles FROM projects WHERE active_oracles <> 0 ORDER BY id"),
		dbtest.Values[string](t, conn, "SELECT project_id || ': ' || count(*) FROM oracles WHERE active GROUP BY project_id ORDER BY project_id")
}

func TestOraclesAreAddedInTheirOrder(t *testing.T) {
	t.Parallel()
	conn := world(t)
	addProject(t, conn, 1, "un", "")
	added := someOracles(4)
	added[3].Adapter = AdapterLegacy
	added[1].Position, added[3].Position = 7, -1
	require.NoError(t, AddOracles(t.Context(), conn, 1, added))
	require.Equal(t, []string{
		"1 0 oracle-0 http://example.org/0 v1 true", "1 7 oracle-1 http://example.org/1 v1 true",
		"1 2 oracle-2 http://example.org/2 v1 false", "1 -1 oracle-3 http://example.org/3 legacy true",
	}, dbtest.Values[string](t, conn, "SELECT concat_ws(' ', project_id, position, name, url, adapter, active::text) FROM oracles ORDER BY id"))

	const foreignKey, unique, check = "23503", "23505", "23514"
	for _, row := range []struct {
		name    string
		project int64
		oracle  Oracle
		state   string
	}{
		{"no such project", 2, Oracle{Name: "a", URL: "u"}, foreignKey},
		{"a name that is there", 1, Oracle{Name: "oracle-1", URL: "u"}, unique},
		{"an unknown adapter", 1, Oracle{Name: "a", URL: "u", Adapter: "v2"}, check},
		{"no name", 1, Oracle{URL: "u"}, check},
	} {
		err := AddOracles(t.Context(), conn, row.project, []Oracle{{Name: "good", URL: "u"}, row.oracle})
		require.ErrorContains(t, err, row.state, row.name)
	}
	require.Equal(t, []int{4}, dbtest.Values[int](t, conn, "SELECT count(*) FROM oracles"), "a failure adds nothing")
}

func TestActiveOraclesAreCounted(t *testing.T) {
	t.Parallel()
	conn := world(t)
	for id := range int64(3) {
		addProject(t, conn, id+1, "un", "")
		require.NoError(t, AddOracles(t.Context(), conn, id+1, someOracles(30)))
	}
	for _, step := range []struct {
		does, statement string
		want            []string
	}{
		{"as they were added", "SELECT", []string{"1: 20", "2: 20", "3: 20"}},
		{"nothing is added", "INSERT INTO oracles (project_id, name, url) SELECT 1, 'x', 'u' WHERE false", []string{"1: 20", "2: 20", "3: 20"}},
		{"some are switched off", "UPDATE oracles SET active = false WHERE project_id = 1 AND position < 3", []string{"1: 18", "2: 20", "3: 20"}},
		{"some are switched on", "UPDATE oracles SET active = true WHERE position < 3", []string{"1: 21", "2: 21", "3: 21"}},
		{"others are edited", "UPDATE oracles SET url = url || '?'", []string{"1: 21", "2: 21", "3: 21"}},
		{"some move", "UPDATE oracles SET project_id = 3, name = 'moved-' || name WHERE project_id = 2 AND position < 3", []string{"1: 21", "2: 18", "3: 24"}},
		{"some go, from two projects", "DELETE FROM oracles WHERE project_id < 3 AND position < 6", []string{"1: 16", "2: 16", "3: 24"}},
		{"one is inserted twice", "INSERT INTO oracles (project_id, name, url, active) VALUES (1, 'a', 'u', true), (2, 'a', 'u', false) ON CONFLICT DO NOTHING", []string{"1: 17", "2: 16", "3: 24"}},
		{"a project goes with its oracles", "DELETE FROM projects WHERE id = 2", []string{"1: 17", "3: 24"}},
		{"all go", "TRUNCATE oracles", []string{}},
	} {
		dbtest.Exec(t, conn, step.statement)
		kept, counted := counts(t, conn)
		require.ElementsMatch(t, step.want, kept, step.does)
		require.ElementsMatch(t, counted, kept, step.does)
	}
}

func TestWritersOfOraclesDoNotBlockEachOtherForGood(t *testing.T) {
	t.Parallel()
	conn := world(t)
	dsn := conn.Config().ConnString()
	for id := range int64(4) {
		addProject(t, conn, id+1, "un", "")
	}
	group, ctx := errgroup.WithContext(t.Context())
	for writer := range 4 {
		group.Go(func() error {
			own, err := pgx.Connect(ctx, dsn)
			if err != nil {
				return err
			}
			defer own.Close(context.WithoutCancel(ctx))
			for n := range 25 { // in one order and in the other
				_, err := own.Exec(ctx, `INSERT INTO oracles (project_id, name, url)
					SELECT CASE WHEN $1::int % 2 = 0 THEN p ELSE 5 - p END, concat_ws('-', 'o', $1::int, $2::int), 'u'
					FROM generate_series(1, 4) p`, writer, n)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	kept, _ := counts(t, conn)
	require.Equal(t, []string{"1: 100", "2: 100", "3: 100", "4: 100"}, kept)
}
