package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestADataSetIsBuiltOnceAndClonedForEveryScenario(t *testing.T) {
	s := fresh(t)
	set, built := counted("once")
	template, err := s.Template(t.Context(), set)
	require.NoError(t, err)
	require.Equal(t, set.Name, template.DataSet())
	a, err := s.Clone(t.Context(), template)
	require.NoError(t, err)
	b, err := s.Clone(t.Context(), template)
	require.NoError(t, err)
	require.NoError(t, exec(t.Context(), a.DSN(), "DELETE FROM project; CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent"))
	require.EqualValues(t, 100, query[int64](t, b.DSN(), "SELECT count(*) FROM project"), "a clone is nobody else's")
	require.EqualValues(t, 100, query[int64](t, b.DSN(), "SELECT reltuples::bigint FROM pg_class WHERE relname = 'project'"), "it has statistics")
	require.Equal(t, "C.UTF-8", query[string](t, b.DSN(), "SELECT datctype FROM pg_database WHERE datname = current_database()"))
	require.NoError(t, s.Close(t.Context()))
	require.NoError(t, s.Close(t.Context()), "closing twice is harmless")

	next := shared(t)
	require.Empty(t, ours(t, next, cloneKind, buildKind), "clones end with their run")
	again, err := next.Template(t.Context(), set)
	require.NoError(t, err)
	_, err = next.Clone(t.Context(), again)
	require.NoError(t, err)
	require.EqualValues(t, 1, built.Load(), "the next run finds the template")
}

// Whatever rules a server has of its own, a data set has those of all our databases; and
// where the server does not know them, that is said.
func TestADatabaseHasTheRulesOfOursAndNotOfItsServer(t *testing.T) {
	log := new(lines)
	s := open(t, Options{Provider: "local", Log: log.add})
	number := query[int](t, s.admin.DSN(), "SELECT current_setting('server_version_num')::int")
	if number < 150000 {
		t.Skip("before PostgreSQL 15 no database has rules of ICU")
	}
	column := "daticulocale"
	if number >= 170000 {
		column = "datlocale"
	}
	// As initdb --locale-provider=icu --icu-locale=tr-TR leaves it.
	before := query[string](t, s.admin.DSN(), "SELECT datlocprovider::text FROM pg_database WHERE datname = 'template0'")
	own := func(provider, locale string) {
		require.NoError(t, exec(context.Background(), s.admin.DSN(), fmt.Sprintf("UPDATE pg_database SET datlocprovider = '%s', %s = %s WHERE datname = 'template0'", provider, column, locale)))
	}
	own("i", "'tr-TR'")
	t.Cleanup(func() { own(before, "NULL") })

	set, _ := counted("of a Turkish server")
	template, err := s.Template(t.Context(), set)
	require.NoError(t, err)
	clone, err := s.Clone(t.Context(), template)
	require.NoError(t, err)
	require.Equal(t, "c", query[string](t, clone.DSN(), "SELECT datlocprovider::text FROM pg_database WHERE datname = current_database()"))
	require.Equal(t, "ié", query[string](t, clone.DSN(), "SELECT lower('IÉ')"))
	require.NotContains(t, log.String(), "as in its own databases")

	odd := s.nextName(buildKind)
	require.NoError(t, s.withAdmin(t.Context(), func(conn *pgx.Conn) error {
		return s.createIn(t.Context(), conn, odd, "", []string{" LC_COLLATE 'C' LC_CTYPE 'no_SUCH.UTF-8'"})
	}))
	require.Contains(t, log.String(), "as in its own databases")
	require.NoError(t, s.dropForCertain(t.Context(), odd))

	require.Equal(t, []string{" LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"}, locales(140010), "there is no provider to name")
	for _, locale := range slices.Concat(locales(150000), locales(170000)) {
		require.Contains(t, locale, "LOCALE_PROVIDER", "none is inherited")
	}
}

// A table that is empty in the template is to the planner what a new one is: it
// will grow. One that holds rows has its statistics.
func TestATableWithoutRowsCountsAsNew(t *testing.T) {
	s := shared(t)
	template, err := s.Template(t.Context(), DataSet{Name: "queue", Key: t.Name(), Build: func(ctx context.Context, dsn string) error {
		return exec(ctx, dsn, `CREATE SCHEMA "My Shop"; CREATE TABLE "My Shop"."Order" AS SELECT n AS id FROM generate_series(1, 100) n;
			CREATE TABLE queue (id bigint PRIMARY KEY)`)
	}})
	require.NoError(t, err)
	clone, err := s.Clone(t.Context(), template)
	require.NoError(t, err)
	for table, want := range map[string]int64{"queue": -1, "Order": 100} {
		require.Equal(t, want, query[int64](t, clone.DSN(), "SELECT reltuples::bigint FROM pg_class WHERE relname = '"+table+"'"), table)
	}
}

// A plan for any argument that was made before the first row of a queue, and is kept
// for as long as its connection lives, does not read all of the queue for each of
// its rows: unless somebody has vacuumed the table while it was empty.
func TestAPlanFromBeforeTheFirstRowIsNoTrap(t *testing.T) {
	s := shared(t)
	template, err := s.Template(t.Context(), DataSet{Name: "queue", Key: t.Name(), Build: func(ctx context.Context, dsn string) error {
		return exec(ctx, dsn, `CREATE TABLE queue (id bigint PRIMARY KEY, state text NOT NULL, due timestamptz NOT NULL DEFAULT now(), task jsonb NOT NULL DEFAULT '{}');
			CREATE INDEX ON queue (state, due, id)`)
	}})
	require.NoError(t, err)
	for before, want := range map[string]string{"SELECT 1": "Index", "VACUUM (FREEZE, ANALYZE)": "Seq Scan"} {
		clone, err := s.Clone(t.Context(), template)
		require.NoError(t, err)
		require.NoError(t, exec(t.Context(), clone.DSN(), before))
		conn, err := pgx.Connect(t.Context(), clone.DSN())
		require.NoError(t, err)
		defer conn.Close(context.Background())
		for _, sql := range []string{
			"SET plan_cache_mode = force_generic_plan",
			"PREPARE next (text) AS SELECT id FROM queue WHERE state = $1 ORDER BY due, id LIMIT 10 FOR UPDATE SKIP LOCKED",
			"EXECUTE next ('available')",
			"INSERT INTO queue SELECT n, 'available' FROM generate_series(1, 10000) n",
		} {
			_, err := conn.Exec(t.Context(), sql)
			require.NoError(t, err, sql)
		}
		rows, err := conn.Query(t.Context(), "EXPLAIN EXECUTE next ('available')")
		require.NoError(t, err)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.Contains(t, strings.Join(plan, "\n"), want, "after %s", before)
	}
}

func TestAnotherKeyIsAnotherTemplate(t *testing.T) {
	s := fresh(t)
	for _, key := range []string{"one", "two"} {
		set, built := counted(key)
		_, err := s.Template(t.Context(), set)
		require.NoError(t, err)
		require.EqualValues(t, 1, built.Load())
	}
	require.Len(t, ours(t, s, templateKind), 2)
	_, err := s.Template(t.Context(), DataSet{Name: "without a key"})
	require.Error(t, err)
}

func TestABuildThatDoesNotSucceedLeavesNothing(t *testing.T) {
	refuse := errors.New("no such table")
	for name, build := range map[string]func(ctx context.Context, cancel func()) error{
		"it fails":        func(context.Context, func()) error { return refuse },
		"it is cancelled": func(ctx context.Context, cancel func()) error { cancel(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			set, built := counted("unlucky")
			whole := set.Build
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			set.Build = func(ctx context.Context, dsn string) error {
				require.NoError(t, whole(ctx, dsn))
				return build(ctx, cancel)
			}
			_, err := s.Template(ctx, set)
			require.Error(t, err)
			require.ErrorContains(t, err, "template of small unlucky")
			require.Empty(t, ours(t, s, templateKind, buildKind))

			set.Build = whole
			_, err = s.Template(t.Context(), set)
			require.NoError(t, err)
			require.EqualValues(t, 2, built.Load())
		})
	}
}

func TestABuildThatLeavesAConnectionOpenIsTold(t *testing.T) {
	s := fresh(t)
	set, _ := counted("open")
	whole := set.Build
	set.Build = func(ctx context.Context, dsn string) error {
		conn, err := pgx.Connect(ctx, dsn)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		return whole(ctx, dsn)
	}
	_, err := s.Template(t.Context(), set)
	require.ErrorContains(t, err, "did Build leave a connection open?")
	require.Empty(t, ours(t, s, templateKind, buildKind), "and it is dropped all the same")
}

func TestRunsThatWantTheSameDataSetAtOnceBuildItOnce(t *testing.T) {
	fresh(t)
	set, built := counted("shared")
	whole := set.Build
	waits := new(lines)
	set.Build = func(ctx context.Context, dsn string) error {
		// Until another run is seen to wait for this one, so that they do overlap.
		require.Eventually(t, func() bool { return waits.String() != "" }, 30*time.Second, 10*time.Millisecond)
		return whole(ctx, dsn)
	}
	var all sync.WaitGroup
	for range 3 {
		run := shared(t)
		run.options.Log = waits.add
		all.Go(func() {
			template, err := run.Template(t.Context(), set)
			if err == nil {
				_, err = run.Clone(t.Context(), template)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, built.Load())
	require.Contains(t, waits.String(), "waiting for another run")
	require.Len(t, ours(t, host, cloneKind), 3)
}

func TestTheScenariosOfOneRunBuildADataSetOnce(t *testing.T) {
	s := fresh(t)
	set, built := counted("parallel")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			template, err := s.Template(t.Context(), set)
			if err == nil {
				_, err = s.Clone(t.Context(), template)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, built.Load())
	require.Len(t, ours(t, s, cloneKind), 4)
}

func TestATemplateThatIsGoneIsBuiltAgain(t *testing.T) {
	s := fresh(t)
	set, built := counted("gone")
	template, err := s.Template(t.Context(), set)
	require.NoError(t, err)
	other := shared(t)
	_, err = other.Template(t.Context(), set)
	require.NoError(t, err, "another run uses it, too")
	require.NoError(t, s.dropForCertain(t.Context(), template.name))
	clone, err := s.Clone(within(t, time.Minute), template)
	require.NoError(t, err)
	require.EqualValues(t, 100, query[int64](t, clone.DSN(), "SELECT count(*) FROM project"))
	require.EqualValues(t, 2, built.Load())
}

func TestTemplatesAreBounded(t *testing.T) {
	fresh(t)
	build := func(s *Server, keys ...string) {
		for _, key := range keys {
			set, _ := counted(key)
			_, err := s.Template(t.Context(), set)
			require.NoError(t, err)
		}
	}
	pruned := func(keep int, bytes int64) []string {
		var dropped []string
		require.NoError(t, host.withAdmin(t.Context(), func(conn *pgx.Conn) (err error) {
			dropped, err = prune(t.Context(), conn, keep, bytes)
			return err
		}))
		return dropped
	}
	past := shared(t)
	build(past, "a", "b", "c", "d")
	build(past, "a") // used again
	require.NoError(t, past.Close(t.Context()))
	require.Empty(t, pruned(4, 1<<40))
	require.Equal(t, []string{"small b"}, pruned(3, 1<<40), "the one that was not used for longest")
	present := shared(t)
	build(present, "c")
	require.Equal(t, []string{"small a", "small d"}, pruned(3, 1), "none is small enough but one is in use")
	require.Len(t, ours(t, host, templateKind), 1)
	require.NoError(t, present.Close(t.Context()))

	last := open(t, Options{Providers: []Provider{DSN(hostDSN())}, KeepTemplates: 1})
	build(last, "e", "f")
	require.NoError(t, last.Close(t.Context()))
	require.Len(t, ours(t, host, templateKind), 2, "what the closing run holds it leaves to the next to drop")
}
