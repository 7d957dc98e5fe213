package chaos

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/internal/port"
)

const ownCount = `select count(*) from pg_stat_activity where application_name = 'holdfast-chaos' and datname = current_database()`

// sqlState is the SQLSTATE of an error, empty if it has none.
func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// awaitNone waits until the query counts nothing.
func awaitNone(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, await(ctx, sql, func() (bool, error) { return count(t, conn, sql) == 0, nil }))
}

func calibrateLockTable(t *testing.T) {
	dsn := emptyDatabase(t)
	app, other := connect(t, dsn), connect(t, dsn)
	_, err := app.Exec(t.Context(), `create schema "Shop"; create table "Shop".projects (id int); create table others (id int)`)
	require.NoError(t, err)
	const locked = `select count(*) from pg_locks l join pg_class c on c.oid = l.relation
		where c.relname = 'projects' and l.mode = 'AccessExclusiveLock' and l.granted`

	applied := apply(t, sessions(t, dsn), fault.LockTable{Table: "Shop.projects"})
	require.Equal(t, 1, count(t, other, locked))
	_, err = app.Exec(t.Context(), `set lock_timeout = '200ms'`)
	require.NoError(t, err)
	_, err = app.Exec(t.Context(), `select * from "Shop".projects`)
	require.Equal(t, "55P03", sqlState(err), "%v", err)
	require.Zero(t, count(t, app, `select count(*) from others`), "another table is free")
	r := applied.Receipt()
	require.EqualValues(t, 1, r.Fired, r.Measured)
	require.EqualValues(t, 1, r.Touched)

	undoFault(t, applied)
	require.Zero(t, count(t, other, locked))
	require.Zero(t, count(t, app, `select count(*) from "Shop".projects`))
	awaitNone(t, app, ownCount)
	require.NoError(t, applied.Receipt().Err)
	require.Contains(t, applied.Receipt().Measured, "1 statements of 1 sessions")
}

func TestSeveralTablesAreLockedAtOnce(t *testing.T) {
	for text, free := range map[string]string{"lock-table projects,Shop.owners": "others", "lock-table *": ""} {
		t.Run(text, func(t *testing.T) {
			dsn := emptyDatabase(t)
			app := connect(t, dsn)
			_, err := app.Exec(t.Context(), `create schema "Shop"; create table projects (id int); create table "Shop".owners (id int); create table others (id int);
				set lock_timeout = '100ms'`)
			require.NoError(t, err)
			f, err := fault.Parse(text)
			require.NoError(t, err)
			applied := apply(t, sessions(t, dsn), f.Kind)
			for _, table := range []string{"projects", `"Shop".owners`, "others"} {
				_, err := app.Exec(t.Context(), "select * from "+table)
				if table == free {
					require.NoError(t, err)
				} else {
					require.Equal(t, "55P03", sqlState(err), "%s: %v", table, err)
				}
			}
			require.Positive(t, applied.Receipt().Fired)
			undoFault(t, applied)
			require.NoError(t, applied.Receipt().Err)
			require.Zero(t, count(t, app, `select count(*) from projects, "Shop".owners, others`))
			awaitNone(t, app, ownCount)
		})
	}
	require.Error(t, SessionsSupport().Conflict(fault.LockTable{Table: "a,b"}, fault.LockTable{Table: "b,c"}))
	require.Error(t, SessionsSupport().Conflict(fault.LockTable{Table: "a,b"}, fault.LockTable{Table: "*"}))
	require.NoError(t, SessionsSupport().Conflict(fault.LockTable{Table: "a"}, fault.LockTable{Table: "b"}))
	require.NoError(t, SessionsSupport().Conflict(fault.LockTable{Table: "a"}, fault.TerminateBackends{}))
}

// Who has one of the tables and goes on to the next waits for us as we wait for him.
func TestSeveralTablesAreLockedThoughSomebodyGoesFromOneToAnother(t *testing.T) {
	dsn := emptyDatabase(t)
	app, other := connect(t, dsn), connect(t, dsn)
	for _, sql := range []string{
		"create table a (id int); create table b (id int); set deadlock_timeout = '1min'", "begin", "select * from b",
	} {
		_, err := app.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	locks := sessions(t, dsn)
	locked := make(chan error, 1)
	var applied Applied
	go func() {
		var err error
		applied, err = locks.Apply(t.Context(), fault.Fault{Kind: fault.LockTable{Table: "a,b"}})
		locked <- err
	}()
	require.NoError(t, await(t.Context(), "the lock to be waited for", func() (bool, error) {
		return count(t, other, `select count(*) from pg_locks l join pg_class c on c.oid = l.relation where c.relname = 'b' and not l.granted`) == 1, nil
	}))
	for _, sql := range []string{"select * from a", "commit"} {
		_, err := app.Exec(t.Context(), sql)
		require.NoError(t, err, "nobody is ended for it")
	}
	require.NoError(t, <-locked)
	undoFault(t, applied)
	require.NoError(t, applied.Receipt().Err)
}

// A session that gives up waiting for the lock goes on waiting at the server
// unless the server is told, and everybody else waits behind it. The client's
// own cancel request may get lost.
func TestALockThatIsNotGrantedInTimeLeavesNobodyWaiting(t *testing.T) {
	for name, faults := range map[string][]fault.Kind{"": nil, "though its cancel request is lost": {fault.CancelLost{}}} {
		t.Run(name, func(t *testing.T) {
			dsn := emptyDatabase(t)
			proxy, indirect := through(t, dsn)
			holder, reader := connect(t, dsn), connect(t, dsn)
			for _, sql := range []string{"create table projects (id int)", "begin", "select * from projects"} {
				_, err := holder.Exec(t.Context(), sql)
				require.NoError(t, err)
			}
			for _, kind := range faults {
				defer undoFault(t, apply(t, proxy, kind))
			}
			short, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			defer cancel()
			applied, err := sessions(t, indirect).Apply(short, fault.Fault{Kind: fault.LockTable{Table: "projects"}})
			require.ErrorContains(t, err, "lock table projects")
			require.NotNil(t, applied, "what waits has to be undone")
			undoFault(t, applied)
			require.Zero(t, applied.Receipt().Fired)
			_, err = reader.Exec(t.Context(), "set lock_timeout = '2s'; select * from projects")
			require.NoError(t, err, "no lock is waited for in front of it")
		})
	}
}

func TestALockThatIsLostSaysSo(t *testing.T) {
	dsn := emptyDatabase(t)
	app := connect(t, dsn)
	_, err := app.Exec(t.Context(), `create table projects (id int)`)
	require.NoError(t, err)
	applied := apply(t, sessions(t, dsn), fault.LockTable{Table: "projects"})
	_, err = app.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_locks
		where mode = 'AccessExclusiveLock' and relation = 'projects'::regclass`)
	require.NoError(t, err)
	awaitNone(t, app, `select count(*) from pg_locks where mode = 'AccessExclusiveLock' and relation = 'projects'::regclass`)
	undoFault(t, applied)
	require.ErrorContains(t, applied.Receipt().Err, "lost before the end")
}

func TestALockIsUndoneWhenItsWatchingSessionIsLost(t *testing.T) {
	dsn := emptyDatabase(t)
	app := connect(t, dsn)
	_, err := app.Exec(t.Context(), `create table projects (id int)`)
	require.NoError(t, err)
	applied := apply(t, sessions(t, dsn), fault.LockTable{Table: "projects"})
	_, err = app.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'holdfast-chaos' and pid <> $1`, int64(applied.(known).Applied.(*locking).backend.pid))
	require.NoError(t, err)
	<-applied.(known).Applied.(*locking).watched
	undoFault(t, applied)
	require.ErrorContains(t, applied.Receipt().Err, "look who waits")
	awaitNone(t, app, ownCount)
}

func TestATableThatIsNotThereIsAnError(t *testing.T) {
	dsn := emptyDatabase(t)
	applied, err := sessions(t, dsn).Apply(t.Context(), fault.Fault{Kind: fault.LockTable{Table: "nowhere"}})
	require.Equal(t, "42P01", sqlState(err), "%v", err)
	undoFault(t, applied)
	awaitNone(t, connect(t, dsn), ownCount)
}

func calibrateHoldConnections(t *testing.T) {
	dsn := emptyDatabase(t)
	app := connect(t, dsn)
	t.Run("as many as asked for", func(t *testing.T) {
		applied := apply(t, sessions(t, dsn), fault.HoldConnections{N: 5})
		require.Equal(t, 5+1, count(t, app, ownCount), "and one that looks")
		r := applied.Receipt()
		require.EqualValues(t, 5, r.Fired)
		require.Zero(t, r.Missed)
		undoFault(t, applied)
		awaitNone(t, app, ownCount)
		require.NoError(t, applied.Receipt().Err)
	})
	t.Run("as many as the server has", func(t *testing.T) {
		more := 10 + count(t, app, "select current_setting('max_connections')::int")
		applied := apply(t, sessions(t, dsn), fault.HoldConnections{N: more})
		r := applied.Receipt()
		require.Positive(t, r.Fired)
		require.EqualValues(t, more, r.Fired+r.Missed)
		require.Contains(t, r.Measured, "none left")
		_, err := pgx.Connect(t.Context(), dsn)
		require.Equal(t, "53300", sqlState(err), "%v", err)
		undoFault(t, applied)
		awaitNone(t, app, ownCount)
		connect(t, dsn)
	})
	t.Run("those that were lost are told", func(t *testing.T) {
		applied := apply(t, sessions(t, dsn), fault.HoldConnections{N: 3})
		pid := int64(applied.(known).Applied.(*holding).backends[0].pid)
		_, err := app.Exec(t.Context(), `select pg_terminate_backend($1, 5000)`, pid)
		require.NoError(t, err)
		undoFault(t, applied)
		require.ErrorContains(t, applied.Receipt().Err, "1 held connections were lost")
	})
}

func calibrateTerminateBackends(t *testing.T) {
	dsn := emptyDatabase(t)
	var app []*pgx.Conn
	for range 3 {
		app = append(app, connect(t, named(dsn, "app")))
	}
	probe := connect(t, named(dsn, "holdfast-probe"))
	elsewhere := connect(t, postgres.dsn)
	applied := apply(t, sessions(t, dsn), fault.TerminateBackends{})
	r := applied.Receipt()
	require.EqualValues(t, 3, r.Fired, r.Measured)
	require.Equal(t, "3 of 3 sessions terminated", r.Measured)
	for _, conn := range app {
		_, err := conn.Exec(t.Context(), "select 1")
		require.Error(t, err)
	}
	require.Equal(t, 1, count(t, probe, "select 1"), "the harness's own live on")
	require.Equal(t, 1, count(t, elsewhere, "select 1"), "so do those of other databases")
	connect(t, named(dsn, "app"))
	awaitNone(t, probe, ownCount)
}

func TestAnErrorAboutTheDSNHoldsNoPassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://user:hunter2@127.0.0.1:bad/db",
		"host=127.0.0.1 password=hunter2 port=x",
	} {
		_, err := NewSessions(dsn)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
	reserved, err := port.Reserve()
	require.NoError(t, err)
	defer reserved.Release()
	_, err = sessions(t, "postgres://user:hunter2@"+reserved.Addr().String()+"/db?sslmode=disable").Apply(t.Context(), fault.Fault{Kind: fault.HoldConnections{N: 1}})
	require.ErrorContains(t, err, "refused")
	require.NotContains(t, err.Error(), "hunter2")
	require.NotContains(t, err.Error(), "user")
}
