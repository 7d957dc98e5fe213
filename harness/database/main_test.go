package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/harness/database/internal/cluster"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// cache is the cache directory that the tests share, one after another, so that
// one cluster is made for all of them.
var cache string

func TestMain(m *testing.M) {
	if os.Getenv(helperVariable) != "" {
		playRun()
	}
	os.Exit(runWithCache(m))
}

func runWithCache(m *testing.M) int {
	var err error
	if cache, err = os.MkdirTemp("/tmp", "holdfast-database-"); err == nil {
		err = os.Chmod(cache, 0o755) // for the user that Postgres runs as under root
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(cache)
	return m.Run()
}

// lines collects what is logged.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

func open(t testing.TB, o Options) *Server {
	t.Helper()
	if o.CacheDir == "" {
		o.CacheDir = cache
	}
	if o.Log == nil {
		o.Log = func(line string) { t.Log(line) }
	}
	s, err := Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	return s
}

// local opens the machine's own Postgres.
func local(t testing.TB) *Server {
	t.Helper()
	if _, err := cluster.Find(t.Context()); err != nil {
		t.Fatalf("these tests need a real Postgres: %v; install one: apt-get install postgresql postgresql-contrib", err)
	}
	return open(t, Options{Provider: Local})
}

// fresh opens the machine's own Postgres with no template on it.
func fresh(t testing.TB) *Server {
	t.Helper()
	s := local(t)
	require.NoError(t, s.withAdmin(t.Context(), func(conn *pgx.Conn) error {
		_, err := prune(t.Context(), conn, 0, 0)
		return err
	}))
	return s
}

// dsnOf is the address of a server that another run is to use as a dsn server.
func dsnOf(s *Server) string { return s.admin.DSN() }

// counted is a small data set that counts how often it is built.
func counted(key string) (DataSet, *atomic.Int32) {
	built := new(atomic.Int32)
	return DataSet{Name: "small " + key, Key: key, Build: func(ctx context.Context, dsn string) error {
		built.Add(1)
		return exec(ctx, dsn, "CREATE TABLE project AS SELECT n AS id FROM generate_series(1, 100) n")
	}}, built
}

func exec(ctx context.Context, dsn, sql string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

func query[T any](t testing.TB, dsn, sql string) (value T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

// ours returns the names of the databases of ours of these kinds.
func ours(t testing.TB, s *Server, kinds ...kind) (names []string) {
	t.Helper()
	require.NoError(t, s.withAdmin(t.Context(), func(conn *pgx.Conn) error {
		found, err := list(t.Context(), conn, false)
		for _, l := range found {
			for _, k := range kinds {
				if l.name.kind == k {
					names = append(names, l.name.String())
				}
			}
		}
		return err
	}))
	return names
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
