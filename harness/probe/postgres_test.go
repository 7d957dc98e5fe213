package probe

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database/databasetest"
)

func TestPostgres(t *testing.T) {
	dsn := databasetest.Empty(t)
	for name, test := range map[string]func(t *testing.T, dsn string){
		"sessions are counted by what they do":                    sessionsAreCounted,
		"the probe's own session is not counted nor its like's":   ownSessionIsNotCounted,
		"a cut connection is an error once and then renewed":      cutConnectionIsRenewed,
		"a server that does not answer holds nothing up for long": silentServerIsGivenUp,
	} {
		t.Run(name, func(t *testing.T) { test(t, dsn) })
	}
}

// session opens a connection of its own name, so that tests of others at the
// same server are not counted.
func session(t *testing.T, dsn, application string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	config.RuntimeParams["application_name"] = application
	conn, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func sessionsAreCounted(t *testing.T, dsn string) {
	const application = "probe-test-subject"
	p, err := Postgres(PostgresConfig{DSN: dsn, Application: application})
	require.NoError(t, err)
	closed(t, p)
	require.Equal(t, []float64{0, 0, 0, 0, 0}, one(t, p))

	idle, open := session(t, dsn, application), session(t, dsn, application)
	_, err = idle.Exec(t.Context(), "SELECT 1")
	require.NoError(t, err)
	_, err = open.Exec(t.Context(), "BEGIN; SELECT pg_advisory_xact_lock(4711)")
	require.NoError(t, err)
	require.Equal(t, []float64{2, 0, 1, 1, 0}, one(t, p))

	waits := session(t, dsn, application)
	waited := make(chan error)
	go func() {
		_, err := waits.Exec(context.Background(), "SELECT pg_advisory_lock(4711)")
		waited <- err
	}()
	require.Eventually(t, func() bool { return one(t, p)[4] == 1 }, 30*time.Second, 5*time.Millisecond)
	require.Equal(t, []float64{3, 1, 1, 1, 1}, one(t, p), "active, because it waits in a statement")
	_, err = open.Exec(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, <-waited)

	_, err = open.Exec(t.Context(), "BEGIN; SELECT 1/0")
	require.Error(t, err)
	_, err = open.Exec(t.Context(), "ROLLBACK; BEGIN")
	require.NoError(t, err)
	_, err = open.Exec(t.Context(), "SELECT 1/0")
	require.Error(t, err)
	require.Equal(t, 1.0, one(t, p)[3], "an aborted transaction is open, too")
}

func ownSessionIsNotCounted(t *testing.T, dsn string) {
	all, err := Postgres(PostgresConfig{DSN: dsn})
	require.NoError(t, err)
	closed(t, all)
	one(t, all)
	like := session(t, dsn, PostgresName)
	require.NoError(t, like.Ping(t.Context()))
	mine, err := Postgres(PostgresConfig{DSN: dsn, Application: PostgresName})
	require.NoError(t, err)
	closed(t, mine)
	require.Zero(t, one(t, mine)[0])
	other, err := Postgres(PostgresConfig{DSN: dsn, Database: "there-is-no-such-database"})
	require.NoError(t, err)
	closed(t, other)
	require.Zero(t, one(t, other)[0])
}

func cutConnectionIsRenewed(t *testing.T, dsn string) {
	p, err := Postgres(PostgresConfig{DSN: dsn})
	require.NoError(t, err)
	closed(t, p)
	one(t, p)
	killer := session(t, dsn, "probe-test-killer")
	pid := p.(*sessions).conn.PgConn().PID()
	_, err = killer.Exec(t.Context(), "SELECT pg_terminate_backend($1)", pid)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err = p.Sample(t.Context())
		return err != nil
	}, 30*time.Second, time.Millisecond)
	require.GreaterOrEqual(t, one(t, p)[0], 1.0, "the killer at least")
}

func silentServerIsGivenUp(t *testing.T, _ string) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts by itself, and never says anything
	require.NoError(t, err)
	defer silent.Close()
	p, err := Postgres(PostgresConfig{DSN: "postgres://me@" + silent.Addr().String() + "/db?sslmode=disable"})
	require.NoError(t, err)
	s, err := Start(t.Context(), time.Now(), p)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Snapshot().Health[0].Errors > 0 }, 10*patience, time.Millisecond)
	h := s.Stop().Health[0]
	require.True(t, h.Dead)
	require.NotContains(t, h.Problem, "hung", "it ended with its context")
}

func TestNoPasswordIsInAnyErrorOfThePostgresProbe(t *testing.T) {
	for _, dsn := range []string{"", "postgres://me:hunter2@h:port/db", "postgres://me:hunter2@127.0.0.1:1/db?sslmode=bad"} {
		_, err := Postgres(PostgresConfig{DSN: dsn})
		require.ErrorContains(t, err, "missing or malformed")
		require.NotContains(t, err.Error(), "hunter2")
	}
	p, err := Postgres(PostgresConfig{DSN: "postgres://me:hunter2@127.0.0.1:1/db"})
	require.NoError(t, err)
	_, err = p.Sample(t.Context())
	require.ErrorContains(t, err, "connect to count sessions")
	require.False(t, strings.Contains(err.Error(), "hunter2"), err.Error())
	_, err = Postgres(PostgresConfig{DSN: "postgres://me@127.0.0.1:1/db", Every: -1})
	require.ErrorContains(t, err, "Every")
}
