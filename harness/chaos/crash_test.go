package chaos

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/database"
)

// ownServer starts a server that the test may kill.
func ownServer(t *testing.T) *database.Server {
	t.Helper()
	cache, err := os.MkdirTemp("/tmp", "holdfast-crash-") // where the server's user reaches it
	require.NoError(t, err)
	require.NoError(t, os.Chmod(cache, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(cache)) })
	server, err := database.Open(t.Context(), database.Options{Provider: "local", CacheDir: cache})
	if errors.Is(err, database.ErrNoDatabase) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close(context.Background())) })
	return server
}

func calibrateCrash(t *testing.T) {
	server := ownServer(t)
	client := connect(t, server.DSN())
	_, err := client.Exec(t.Context(), "create table t (i int); insert into t values (1)")
	require.NoError(t, err)
	_, err = client.Exec(t.Context(), "begin; insert into t values (2)")
	require.NoError(t, err)

	applied := apply(t, sessions(t, server.DSN()).On(server), fault.Crash{})
	_, err = client.Exec(t.Context(), "commit")
	require.Error(t, err)
	require.True(t, client.IsClosed())
	_, err = pgx.Connect(t.Context(), server.DSN())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	r := applied.Receipt()
	require.Greater(t, r.Fired, int64(5), "the postmaster, its helpers and the client's backend")
	require.Contains(t, r.Measured, "processes gone after")

	undoFault(t, applied)
	require.Contains(t, applied.Receipt().Measured, "started again after")
	require.Equal(t, 1, count(t, connect(t, server.DSN()), "select count(*) from t"), "what was committed, and nothing else")
	require.NoError(t, applied.Undo(t.Context()), "again")

	again := apply(t, sessions(t, server.DSN()).On(server), fault.Crash{})
	undoFault(t, again)
	require.Equal(t, 1, count(t, connect(t, server.DSN()), "select count(*) from t"))
}

func TestAServerThatIsSomebodyElsesIsNotKilled(t *testing.T) {
	s, err := NewSessions("postgres://nobody@127.0.0.1:1/none")
	require.NoError(t, err)
	applied, err := s.Apply(t.Context(), fault.Fault{Kind: fault.Crash{}})
	require.ErrorIs(t, err, ErrNotOurs)
	require.Nil(t, applied)
	require.Error(t, SessionsSupport().Conflict(fault.Crash{}, fault.LockTable{Table: "t"}))
}
