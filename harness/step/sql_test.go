package step_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/harness/step"
)

func TestSQL(t *testing.T) {
	dsn := databasetest.Empty(t)
	m := means(t)
	m.Database = func(string) (string, error) { return dsn, nil }
	do := func(s step.Step) step.Outcome {
		t.Helper()
		out, err := m.Do(t.Context(), s)
		require.NoError(t, err)
		return out
	}
	out := do(step.Step{SQL: "create table t (n int, u text); insert into t values (1, 'a;b'), (2, null); select n, u from t order by n; insert into t values (3)"})
	require.Equal(t, [][]string{{"1", "a;b"}, {"2", ""}}, out.Rows)
	require.Equal(t, []string{"CREATE TABLE", "INSERT 0 2", "SELECT 2", "INSERT 0 1"}, out.Log)
	do(step.Step{SQL: `update t set u = :url, n = :n where n = :n::int and ':url' <> $$:url$$ || "u" -- :url`, Values: map[string]string{"url": "'; drop table t; --{projects}", "n": "1"}})
	require.Equal(t, [][]string{{"'; drop table t; --7"}}, do(step.Step{SQL: "select u from t where n = 1"}).Rows)
	_, err := m.Do(t.Context(), step.Step{Name: "broken", SQL: "select nothing"})
	require.ErrorContains(t, err, `broken: ERROR: column "nothing" does not exist`)
	_, err = m.Do(t.Context(), step.Step{SQL: "select pg_sleep(30)", Timeout: 100 * time.Millisecond})
	require.ErrorContains(t, err, "it took longer than 100ms")

	t.Run("a question changes nothing", func(t *testing.T) {
		r := step.NewReader(dsn)
		defer func() { require.NoError(t, r.Close()) }()
		ask := func(q step.Question) ([][]string, int, error) { return r.Ask(t.Context(), q) }
		for _, sql := range []string{
			"insert into t values (9)", "with x as (delete from t returning 1) select * from x", "commit; delete from t", "create table more (n int)",
			"set transaction read write", "select nextval('s')", "select pg_terminate_backend(pg_backend_pid())",
		} {
			_, _, err := ask(step.Question{SQL: sql})
			if err == nil { // allowed on its face: a setting, which ends with the connection
				require.Equal(t, "set transaction read write", sql)
			}
		}
		rows, n, err := ask(step.Question{SQL: "select n, current_user from t order by n", MaxRows: 1})
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.Equal(t, [][]string{{"1", "pg_read_all_data"}}, rows)
		_, _, err = ask(step.Question{SQL: "select pg_sleep(30)", Timeout: 100 * time.Millisecond})
		require.ErrorContains(t, err, "it took longer than 100ms")
	})
}

// The rule shows its harm first: without it the same statements do write.
func TestWithoutReadOnlyTheSameWouldWrite(t *testing.T) {
	dsn := databasetest.Empty(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), "create table t (n int); insert into t values (1)")
	require.NoError(t, err)
	const sneaky = "with x as (delete from t returning 1) select * from x"
	r := step.NewReader(dsn)
	defer func() { require.NoError(t, r.Close()) }()
	_, _, err = r.Ask(t.Context(), step.Question{SQL: sneaky})
	require.Error(t, err)
	var left int
	require.NoError(t, conn.QueryRow(t.Context(), "select count(*) from t").Scan(&left))
	require.Equal(t, 1, left)
	_, err = conn.Exec(t.Context(), sneaky)
	require.NoError(t, err)
	require.NoError(t, conn.QueryRow(t.Context(), "select count(*) from t").Scan(&left))
	require.Zero(t, left)
}

// Who asks sees what the target's own role sees: a policy that hides rows, or a schema
// that is found by the name of a role, must not make "none" of what is there.
func TestNoRowIsHiddenFromAQuestion(t *testing.T) {
	dsn := databasetest.Empty(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `create table secret (n int); insert into secret values (1), (2); alter table secret enable row level security;
		do $$ begin execute format('create schema %I', current_user); execute format('create table %I.own (n int)', current_user); execute format('insert into %I.own values (7)', current_user); end $$`)
	require.NoError(t, err)
	t.Run("the harm: the reading role itself sees nothing", func(t *testing.T) {
		_, err := conn.Exec(t.Context(), "set role pg_read_all_data")
		require.NoError(t, err)
		var n int
		require.NoError(t, conn.QueryRow(t.Context(), "select count(*) from secret").Scan(&n))
		require.Zero(t, n)
	})
	r := step.NewReader(dsn)
	defer func() { require.NoError(t, r.Close()) }()
	for sql, want := range map[string]string{"select count(*) from secret": "2", "select n from own": "7"} {
		rows, _, err := r.Ask(t.Context(), step.Question{SQL: sql})
		require.NoError(t, err, sql)
		require.Equal(t, [][]string{{want}}, rows, sql)
	}
	_, _, err = r.Ask(t.Context(), step.Question{SQL: "delete from secret returning n"})
	require.ErrorContains(t, err, "read-only transaction")
}
