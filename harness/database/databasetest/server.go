package databasetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/providers"
)

// Server is the database server that the tests of one binary share. It is
// started when the first of them asks for a database, so a binary of which no
// test does, as a fuzzing worker, starts none. The zero value is ready:
//
//	var databases databasetest.Server
//
//	func TestMain(m *testing.M) { os.Exit(databases.Run(m)) }
type Server struct {
	once   sync.Once
	server *database.Server
	err    error
}

// Run runs the tests, stops the server and looks for goroutines that were left
// behind. It returns the exit code.
func (s *Server) Run(m *testing.M) int {
	code := m.Run()
	if s.server != nil {
		if err := s.server.Close(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// Open returns the server: that of HOLDFAST_TEST_DATABASE_URL if it is set, else
// whichever is found. Where there is none the test is skipped on a developer's machine, and
// fails in CI.
func (s *Server) Open(t testing.TB) *database.Server {
	t.Helper()
	s.once.Do(func() { s.server, s.err = openQuick(context.Background()) })
	if errors.Is(s.err, database.ErrNoDatabase) && os.Getenv("CI") == "" {
		t.Skip(s.err)
	}
	require.NoError(t, s.err)
	return s.server
}

// Options are for a run of the harness on the same server.
func (s *Server) Options(t testing.TB) database.Options {
	t.Helper()
	return database.Options{Providers: []database.Provider{database.DSN(s.Open(t).DSN())}}
}

// openQuick opens a server for tests. Unless somebody else runs it, it writes
// without waiting for the disk, and keeps its templates apart from those of
// runs: what tests look at does not depend on the disk, and a busy one would
// make each clone ten times as long.
func openQuick(ctx context.Context) (*database.Server, error) {
	options := providers.FromEnvironment(getenv)
	var err error
	if options.CacheDir, err = options.CacheFolder("test", false); err != nil {
		return nil, err
	}
	server, err := database.Open(ctx, options)
	if err != nil || server.Provider() == "dsn" {
		return server, err
	}
	if err := writeWithoutSync(ctx, server.DSN()); err != nil {
		return nil, errors.Join(err, server.Close(ctx))
	}
	return server, nil
}

// writeWithoutSync has a server write without waiting for the disk, from now on and after a
// restart.
func writeWithoutSync(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("let the test server write without waiting: %w", err)
	}
	_, err = conn.Exec(ctx, "ALTER SYSTEM SET fsync = off")
	if err == nil {
		_, err = conn.Exec(ctx, "SELECT pg_reload_conf()")
	}
	return errors.Join(err, conn.Close(ctx))
}

// getenv is the environment, in which HOLDFAST_TEST_DATABASE_URL names the
// database.
func getenv(name string) string {
	if dsn := os.Getenv("HOLDFAST_TEST_DATABASE_URL"); name == database.URLVariable && dsn != "" {
		return dsn
	}
	return os.Getenv(name)
}

// Clone returns the DSN of a database of the test's own with this data.
func (s *Server) Clone(t testing.TB, set database.DataSet) string {
	t.Helper()
	server := s.Open(t)
	template, err := server.Template(context.Background(), set)
	require.NoError(t, err)
	copied, err := server.Clone(context.Background(), template)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, copied.Drop(context.Background())) })
	return copied.DSN()
}

// Empty returns the DSN of an empty database.
func (s *Server) Empty(t testing.TB) string {
	t.Helper()
	return s.Clone(t, database.DataSet{Name: "nothing", Key: "test-nothing",
		Build: func(context.Context, string) error { return nil }})
}
