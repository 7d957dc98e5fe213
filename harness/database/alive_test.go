package database

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// endLockSession ends the server's end of the connection by which a session is known
// to live, as a failover, an administrator or a killer of idle sessions does.
func endLockSession(t *testing.T, s *Server) {
	t.Helper()
	s.session.turn.Lock()
	pid := s.session.conn.PgConn().PID()
	s.session.turn.Unlock()
	require.True(t, query[bool](t, hostDSN(), fmt.Sprintf("SELECT pg_terminate_backend(%d, 5000)", pid)))
}

func TestARunWhoseLockWasLostLivesOn(t *testing.T) {
	for _, row := range []struct {
		name string
		used bool // a target is connected to the clone
	}{{"its clone is in use", true}, {"nobody is connected to its clone", false}} {
		t.Run(row.name, func(t *testing.T) {
			living := fresh(t)
			set, _ := counted("lost lock " + row.name)
			template, err := living.Template(t.Context(), set)
			require.NoError(t, err)
			clone, err := living.Clone(t.Context(), template)
			require.NoError(t, err)
			if row.used {
				conn, err := pgx.Connect(t.Context(), clone.DSN())
				require.NoError(t, err)
				defer conn.Close(t.Context())
			}
			endLockSession(t, living)
			next := shared(t)
			require.NoError(t, next.Close(t.Context()))
			require.Contains(t, ours(t, host, cloneKind), clone.Name())
			require.EqualValues(t, 100, query[int64](t, clone.DSN(), "SELECT count(*) FROM project"))
			require.NoError(t, clone.Drop(t.Context()))
		})
	}
}

// The locks come back by themselves: nothing has to be asked of the server.
func TestALockThatWasLostIsTakenAgainAtOnce(t *testing.T) {
	living := shared(t)
	endLockSession(t, living)
	require.Eventually(t, func() (held bool) {
		require.NoError(t, host.withAdmin(t.Context(), func(conn *pgx.Conn) error {
			keys, err := heldKeys(t.Context(), conn)
			held = keys[lockKey(cloneKind, living.session.token)]
			return err
		}))
		return held
	}, 30*time.Second, 10*time.Millisecond)
}

// A database without an owner goes only when the last who uses it has left.
func TestWhatSomebodyIsConnectedToIsNotSwept(t *testing.T) {
	s := fresh(t)
	orphan := name{kind: cloneKind, token: token("nobody's"), number: 1}
	require.NoError(t, exec(t.Context(), hostDSN(), "CREATE DATABASE "+quote(orphan.String())))
	conn, err := pgx.Connect(t.Context(), s.admin.On(orphan.String()).DSN())
	require.NoError(t, err)
	require.NoError(t, shared(t).Close(t.Context()))
	require.Contains(t, ours(t, host, cloneKind), orphan.String())
	require.NoError(t, conn.Close(t.Context()))
	require.NoError(t, shared(t).Close(t.Context()))
	require.NotContains(t, ours(t, host, cloneKind), orphan.String())
}

func TestACloneThatVanishedIsSaid(t *testing.T) {
	s := fresh(t)
	set, _ := counted("vanishes")
	template, err := s.Template(t.Context(), set)
	require.NoError(t, err)
	clone, err := s.Clone(t.Context(), template)
	require.NoError(t, err)
	require.NoError(t, clone.Intact(t.Context()))
	drop := "DROP DATABASE " + quote(clone.Name())
	require.NoError(t, exec(t.Context(), hostDSN(), drop))
	require.ErrorIs(t, clone.Intact(t.Context()), ErrVanished)
	require.NoError(t, exec(t.Context(), hostDSN(), "CREATE DATABASE "+quote(clone.Name())))
	require.ErrorIs(t, clone.Intact(t.Context()), ErrVanished, "another of the same name is another")
	require.NoError(t, exec(t.Context(), hostDSN(), drop))
}
