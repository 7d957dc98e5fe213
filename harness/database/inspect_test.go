package database

import (
	"context"
	"fmt"
	"net"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/database/internal/address"
)

func TestWhatAServerMustBe(t *testing.T) {
	good := server{Version: "17.2", Number: 170002, User: "ann", MayCreate: true, Writes: true, Limit: 97, Used: 3}
	for name, row := range map[string]struct {
		change func(*server)
		says   string
	}{
		"good":                         {func(*server) {}, ""},
		"too old":                      {func(s *server) { s.Number = 90600 }, "or newer is needed"},
		"a standby":                    {func(s *server) { s.Writes = false }, "takes no writes"},
		"no right to create databases": {func(s *server) { s.MayCreate = false }, "ALTER ROLE \"ann\" CREATEDB"},
		"few connections":              {func(s *server) { s.Limit = 5 }, "2 connections left for role ann"},
		"none left":                    {func(s *server) { s.Used = 99 }, "0 connections left"},
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			row.change(&s)
			err := s.fit()
			if row.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrUnfit)
			require.ErrorContains(t, err, row.says)
		})
	}
}

// as is the DSN of the host for a role that is made for the test.
func as(t *testing.T, role, options string) string {
	t.Helper()
	require.NoError(t, exec(t.Context(), hostDSN(), "CREATE ROLE "+role+" LOGIN PASSWORD 'x' "+options))
	t.Cleanup(func() { require.NoError(t, exec(context.Background(), hostDSN(), "DROP ROLE "+role)) })
	a, err := address.Parse(hostDSN())
	require.NoError(t, err)
	return fmt.Sprintf("postgres://%s:x@%s/postgres?sslmode=disable", role, a.HostPort())
}

func TestAServerThatWillNotDoIsSaidInOneLine(t *testing.T) {
	for name, row := range map[string]struct{ role, options, then, says string }{
		"read-only":       {"reader", "CREATEDB", "ALTER ROLE reader SET default_transaction_read_only = on", "takes no writes"},
		"no CREATEDB":     {"plain", "", "", "ALTER ROLE \"plain\" CREATEDB"},
		"few connections": {"few", "CREATEDB CONNECTION LIMIT 5", "", "connections left for role few"},
		"one connection":  {"one", "CREATEDB CONNECTION LIMIT 0", "", "no connection left for us"},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := as(t, row.role, row.options)
			if row.then != "" {
				require.NoError(t, exec(t.Context(), hostDSN(), row.then))
			}
			_, err := Open(t.Context(), Options{Providers: []Provider{DSN(dsn)}, CacheDir: cache})
			require.ErrorIs(t, err, ErrUnfit)
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := Open(t.Context(), Options{Providers: []Provider{DSN("host=/run/postgresql user=ann dbname=shop")}, CacheDir: cache})
	require.ErrorIs(t, err, ErrUnfit)
	require.ErrorContains(t, err, "Unix socket")
}

// What a person has set for one server does nothing to servers of our own.
func TestTheEnvironmentOfPostgresClientsLeadsNowhere(t *testing.T) {
	for name, value := range map[string]string{
		"PGSERVICE": "nowhere", "PGSERVICEFILE": "/nonexistent", "PGSSLMODE": "verify-full", "PGCONNECT_TIMEOUT": "never", "PGSSLROOTCERT": "/nonexistent",
		"PGTARGETSESSIONATTRS": "standby", "PGOPTIONS": "-c no_such=1", "PGREQUIREAUTH": "none", "PGMINPROTOCOLVERSION": "9",
	} {
		t.Setenv(name, value)
	}
	getenv, err := Detach(os.Getenv)
	require.NoError(t, err)
	require.Empty(t, getenv(URLVariable))
	s := open(t, Options{Provider: "local"})
	require.EqualValues(t, 1, query[int64](t, s.DSN(), "SELECT 1::int8"))
}

// Whether of the server to run on or of the database to serve.
func TestWhatTheEnvironmentAddsToADSNIsKept(t *testing.T) {
	t.Setenv("PGPASSWORD", "secret word")
	t.Setenv("PGSSLMODE", "disable")
	t.Setenv("PGUSER", "bob")
	t.Setenv("PGPORT", "5433")
	getenv, err := Detach(func(name string) string {
		return map[string]string{URLVariable: "postgres://ann@h:5/shop", CacheVariable: "/c", "DATABASE_URL": "host=db dbname=served"}[name]
	})
	require.NoError(t, err)
	require.Equal(t, "postgres://ann:secret%20word@h:5/shop?sslmode=disable", getenv(URLVariable))
	require.Equal(t, "postgres://bob:secret%20word@db:5433/served?sslmode=disable", getenv("DATABASE_URL"))
	require.Equal(t, "/c", getenv(CacheVariable))
	require.Empty(t, getenv("OTHER"))
	_, set := os.LookupEnv("PGPASSWORD")
	require.False(t, set)
}

// pgbouncer starts a pooler with these settings before the host and returns a DSN by way
// of it. Where there is none the test is skipped on a developer's machine.
func pgbouncer(t *testing.T, settings ...string) string {
	t.Helper()
	program, err := osexec.LookPath("pgbouncer")
	if err != nil { // where Debian has it, which is on root's path alone
		program, err = osexec.LookPath("/usr/sbin/pgbouncer")
	}
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("no pgbouncer here: scripts/setup-tests.sh installs it")
	}
	require.NoError(t, err)
	a, err := address.Parse(hostDSN())
	require.NoError(t, err)
	config, err := pgx.ParseConfig(hostDSN())
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	dir := t.TempDir()
	ini := fmt.Sprintf("[databases]\n* = host=127.0.0.1 port=%d user=%s password=%s\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=%d\nunix_socket_dir=\nauth_type=any\n%s\nignore_startup_parameters=extra_float_digits\nlogfile=%s\n",
		config.Port, config.User, config.Password, port, strings.Join(settings, "\n"), filepath.Join(dir, "log"))
	file := filepath.Join(dir, "pgbouncer.ini")
	require.NoError(t, os.WriteFile(file, []byte(ini), 0o644))
	args := []string{file}
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
		require.NoError(t, os.Chmod(dir, 0o777))
		args = []string{"-u", "nobody", file}
	}
	cmd := osexec.Command(program, args...)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	dsn := fmt.Sprintf("postgres://%s@127.0.0.1:%d/postgres?sslmode=disable", config.User, port)
	require.Eventually(t, func() bool { return exec(t.Context(), dsn, "SELECT 1") == nil }, 30*time.Second, 50*time.Millisecond, strings.ReplaceAll(a.String(), "\n", " "))
	return dsn
}

// Whatever a pool gives out next: the connection that was used last, each in turn, or
// the only one.
func TestAPoolerThatSharesConnectionsIsRefused(t *testing.T) {
	for name, settings := range map[string][]string{
		"the last used": nil,
		"in turn":       {"server_round_robin=1"},
		"the only one":  {"default_pool_size=1"},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := pgbouncer(t, append(settings, "pool_mode=transaction")...)
			if name != "the only one" {
				fill(t, dsn, 2)
			}
			_, err := Open(t.Context(), Options{Providers: []Provider{DSN(dsn)}, CacheDir: cache})
			require.ErrorIs(t, err, ErrUnfit)
			require.ErrorContains(t, err, "pgbouncer in transaction mode")
		})
	}
}

// fill has a pooler open so many connections to its server.
func fill(t *testing.T, dsn string, connections int) {
	t.Helper()
	for range connections {
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		defer conn.Close(context.Background())
		_, err = conn.Exec(t.Context(), "BEGIN")
		require.NoError(t, err)
		defer conn.Exec(context.Background(), "ROLLBACK")
	}
}

func TestAPoolerThatSharesNoneWillDo(t *testing.T) {
	s := open(t, Options{Providers: []Provider{DSN(pgbouncer(t, "pool_mode=session"))}})
	require.NotEmpty(t, s.Version())
}
