package task

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"holdfast/harness/database"
	"holdfast/reference/schema"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

// databases opens the database server of this test binary: that of
// HOLDFAST_TEST_DATABASE_URL if it is set, else whichever is found.
var databases = sync.OnceValues(func() (*database.Server, error) {
	options := database.FromEnvironment(os.Getenv)
	if dsn := os.Getenv("HOLDFAST_TEST_DATABASE_URL"); dsn != "" {
		options.DSN = dsn
	}
	s, err := database.Open(context.Background(), options)
	opened = s
	return s, err
})

// opened is the server if a test opened it. A binary of which no test needs a
// database, as a fuzzing worker, starts none.
var opened *database.Server

func run(m *testing.M) int {
	code := m.Run()
	if opened != nil {
		if err := opened.Close(context.Background()); err != nil {
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

// clone returns the DSN of a database of the test's own with this data.
func clone(t testing.TB, set database.DataSet) string {
	t.Helper()
	s, err := databases()
	if errors.Is(err, database.ErrNoDatabase) {
		t.Skip(err)
	}
	require.NoError(t, err)
	template, err := s.Template(context.Background(), set)
	require.NoError(t, err)
	copied, err := s.Clone(context.Background(), template)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, copied.Drop(context.Background())) })
	return copied.DSN()
}

// fresh returns the DSN of an empty database.
func fresh(t testing.TB) string {
	return clone(t, database.DataSet{Name: "nothing", Key: "reference-nothing",
		Build: func(context.Context, string) error { return nil }})
}

// projects returns the DSN of a database of so many seeded projects.
func projects(t testing.TB, n int64) string {
	p := schema.Params{Projects: n, Seed: 1}
	key, err := schema.DataSetKey(p)
	require.NoError(t, err)
	return clone(t, database.DataSet{Name: fmt.Sprintf("%d projects", n), Key: key,
		Build: func(ctx context.Context, dsn string) error { return schema.Seed(ctx, dsn, p) }})
}

// open returns a pool that closes with the test.
func open(t testing.TB, dsn string, connections int) *pgxpool.Pool {
	c, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	c.MaxConns = int32(connections)
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}
