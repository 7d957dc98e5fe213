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

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// The tests share one cache directory, and one server in it that plays the dsn
// server which runs meet on.
var (
	cache string
	host  *Server
)

func TestMain(m *testing.M) {
	if os.Getenv(helperVariable) != "" {
		playRun()
	}
	os.Exit(runWithHost(m))
}

func runWithHost(m *testing.M) (code int) {
	ctx := context.Background()
	err := func() (err error) {
		if cache, err = os.MkdirTemp("/tmp", "holdfast-database-"); err != nil {
			return err
		}
		if err = os.Chmod(cache, 0o755); err != nil { // for the user that Postgres runs as under root
			return err
		}
		if host, err = Open(ctx, Options{Provider: "local", CacheDir: cache}); err != nil {
			return err
		}
		return writeWithoutSync(ctx, host)
	}()
	defer os.RemoveAll(cache)
	if err != nil {
		fmt.Println("these tests need a real Postgres; install one: apt-get install postgresql postgresql-contrib:", err)
		return 1
	}
	defer func() {
		if err := host.Close(ctx); err != nil {
			fmt.Println(err)
			code = 1
		}
	}()
	return m.Run()
}

// writeWithoutSync has a server of these tests write without waiting for the disk. What
// they look at does not depend on it, and a busy disk would make them ten times
// as long; that servers do wait is tested where they are started.
func writeWithoutSync(ctx context.Context, s *Server) error {
	dsn := s.admin.DSN()
	return errors.Join(exec(ctx, dsn, "ALTER SYSTEM SET fsync = off"), exec(ctx, dsn, "SELECT pg_reload_conf()"))
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

// shared opens the host as a run does that is given its DSN.
func shared(t testing.TB) *Server {
	t.Helper()
	return open(t, Options{Providers: []Provider{DSN(host.admin.DSN())}})
}

// fresh opens the host with no template on it.
func fresh(t testing.TB) *Server {
	t.Helper()
	s := shared(t)
	require.NoError(t, s.withAdmin(t.Context(), func(conn *pgx.Conn) error {
		_, err := prune(t.Context(), conn, 0, 0)
		return err
	}))
	return s
}

// hostDSN is the address of the host.
func hostDSN() string { return host.admin.DSN() }

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
