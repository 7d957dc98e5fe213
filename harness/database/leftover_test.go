package database

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/undo"
)

// leftHere are the leftovers on the tests' server that speak of something.
func leftHere(t *testing.T, of string) []undo.Leftover {
	t.Helper()
	left, err := Options{Providers: []Provider{DSN(hostDSN())}}.Leftovers(t.Context())
	require.NoError(t, err)
	return slices.DeleteFunc(left, func(l undo.Leftover) bool { return !strings.Contains(l.What, of) })
}

// What a run uses is no leftover, and once it is one it stays if somebody comes to use
// it before it is removed.
func TestWhatNobodyUsesCanBeRemoved(t *testing.T) {
	set, built := counted("left")
	first := shared(t)
	_, err := first.Template(t.Context(), set)
	require.NoError(t, err)
	require.Empty(t, leftHere(t, set.Name), "it is in use")
	require.NoError(t, first.Close(t.Context()))

	left := leftHere(t, set.Name)
	require.Len(t, left, 1)
	require.Positive(t, left[0].Bytes)
	second := shared(t)
	_, err = second.Template(t.Context(), set)
	require.NoError(t, err)
	require.ErrorIs(t, left[0].Remove(t.Context()), errInUse)
	require.NoError(t, second.Close(t.Context()))

	require.NoError(t, left[0].Remove(t.Context()))
	require.Empty(t, leftHere(t, set.Name))
	_, err = shared(t).Template(t.Context(), set)
	require.NoError(t, err)
	require.EqualValues(t, 2, built.Load(), "it was gone")
}

// A copy of a session that is dead is left; one to which somebody is connected is not.
func TestACopyOfAKilledRunIsLeft(t *testing.T) {
	s := shared(t)
	dead := name{kind: cloneKind, token: "0123456789ab", number: 3}
	require.NoError(t, s.withAdmin(t.Context(), func(conn *pgx.Conn) error {
		_, err := conn.Exec(t.Context(), "CREATE DATABASE "+quote(dead.String()))
		return err
	}))
	t.Cleanup(func() { _ = s.dropForCertain(context.Background(), dead) })
	inside, err := connect(t.Context(), s.admin.On(dead.String()))
	require.NoError(t, err)
	require.Empty(t, leftHere(t, dead.String()))
	require.NoError(t, inside.Close(t.Context()))
	require.Eventually(t, func() bool { return len(leftHere(t, dead.String())) == 1 }, 30*time.Second, 50*time.Millisecond)
	left := leftHere(t, dead.String())
	require.Contains(t, left[0].What, "copy of a killed run")
	require.NoError(t, left[0].Remove(t.Context()))
	require.Empty(t, leftHere(t, dead.String()))
}

// The roles of a run that was killed are left, and the owner where it owns nothing: it
// stays as long as a run lives that uses it.
func TestTheRolesOfAKilledRunAreLeft(t *testing.T) {
	require.NoError(t, exec(t.Context(), hostDSN(), "CREATE ROLE gone LOGIN SUPERUSER PASSWORD 'gone'"))
	t.Cleanup(func() { require.NoError(t, exec(context.Background(), hostDSN(), "DROP ROLE gone")) })
	dsn := "postgres://gone:gone@" + host.admin.HostPort() + "/postgres?sslmode=disable"
	left := func() (left []undo.Leftover, said string) {
		left, err := Options{Providers: []Provider{DSN(dsn)}}.Leftovers(t.Context())
		require.NoError(t, err)
		for _, l := range left {
			said += l.What + "\n"
		}
		return left, said
	}
	s := open(t, Options{Providers: []Provider{DSN(dsn)}})
	dead := role{owner: ownerOf("gone"), login: name{kind: loginKind, token: token("a run that was killed")}, password: "x"}
	require.NoError(t, s.withAdmin(t.Context(), func(conn *pgx.Conn) error { return dead.create(t.Context(), conn) }))
	_, said := left()
	require.Contains(t, said, dead.login.String())
	require.NotContains(t, said, s.role.login.String())
	require.NotContains(t, said, dead.owner.String())

	set, _ := counted("of one who is gone")
	_, err := s.Template(t.Context(), set)
	require.NoError(t, err)
	require.NoError(t, s.Close(t.Context()))
	all, said := left()
	require.Len(t, all, 3, said)
	require.ErrorIs(t, all[2].Remove(t.Context()), errInUse, "the owner has a data set")
	for _, l := range all {
		require.NoError(t, l.Remove(t.Context()), l.What)
	}
	all, said = left()
	require.Empty(t, all, said)
}

// A session that has lost its lock a moment ago takes it again before anybody believes
// that it is dead.
func TestDeathIsSeenTwice(t *testing.T) {
	s := shared(t)
	clone := aClone(t, s)
	own := func() bool { return len(leftHere(t, clone.Name())) > 0 }
	require.False(t, own())
	for range 3 {
		require.NoError(t, exec(t.Context(), hostDSN(), "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND (l.classid::bigint << 32) | l.objid::bigint = "+strconv.FormatInt(clone.name.lock(), 10)))
		require.False(t, own(), "its session lives")
	}
}
