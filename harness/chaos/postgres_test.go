package chaos

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/internal/port"
)

// testDatabase is the DSN of a server for tests. Without it one is started from
// local binaries, once for the whole package, and stopped at its end.
const testDatabase = "HOLDFAST_TEST_DATABASE_URL"

var postgres struct {
	once sync.Once
	dsn  string
	err  error
	stop func()
}

func stopPostgres() {
	if postgres.stop != nil {
		postgres.stop()
	}
}

// emptyDatabase makes an empty database of the test's own and returns its DSN.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	postgres.once.Do(func() { postgres.dsn, postgres.stop, postgres.err = startPostgres() })
	require.NoError(t, postgres.err)
	if postgres.dsn == "" {
		t.Skipf("no Postgres: set %s or install one", testDatabase)
	}
	conn := connect(t, postgres.dsn)
	name := fmt.Sprintf("chaos_%d_%d", os.Getpid(), time.Now().UnixNano())
	exec := func(sql string) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_, err := conn.Exec(ctx, sql)
		require.NoError(t, err)
	}
	exec("create database " + name)
	t.Cleanup(func() { exec("drop database " + name + " with (force)") })
	config, err := pgx.ParseConfig(postgres.dsn)
	require.NoError(t, err)
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", config.User, config.Password,
		net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), name)
}

// connect opens a session; its clean-up comes after those registered later.
func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

// startPostgres starts a server of at most 30 connections; an empty DSN means
// that there are no binaries.
func startPostgres() (dsn string, stop func(), err error) {
	if dsn := os.Getenv(testDatabase); dsn != "" {
		return dsn, nil, nil
	}
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		bins = append(bins, path)
	}
	if len(bins) == 0 {
		return "", nil, nil
	}
	bin := filepath.Dir(bins[len(bins)-1])
	dir, err := os.MkdirTemp("", "holdfast-chaos-test-")
	if err != nil {
		return "", nil, err
	}
	remove := func() { _ = os.RemoveAll(dir) }
	as, err := unprivileged(dir)
	if err != nil {
		return "", remove, err
	}
	run := func(name string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, as
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, out)
		}
		return nil
	}
	data := filepath.Join(dir, "data")
	if err := run("initdb", "-D", data, "-U", "test", "-A", "trust", "--no-sync"); err != nil {
		return "", remove, err
	}
	reserved, err := port.Reserve()
	if err != nil {
		return "", remove, err
	}
	reserved.Release()
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(reserved.Addr().Port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=30")
	server.Dir, server.SysProcAttr = dir, diesWithUs(as, syscall.SIGQUIT)
	// It dies with the thread that starts it, so that is one of its own: any other may
	// be taken by a goroutine that ends with its thread.
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		err := server.Start()
		started <- err
		if err == nil {
			_ = server.Wait()
		}
	}()
	if err := <-started; err != nil {
		return "", remove, err
	}
	dsn = fmt.Sprintf("postgres://test@%s/postgres?sslmode=disable", reserved.Addr())
	return dsn, func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		<-ended
		remove()
	}, awaitServer(dsn)
}

// awaitServer waits until the server takes connections.
func awaitServer(dsn string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return await(ctx, "Postgres to start", func() (bool, error) {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return false, err
		}
		return true, conn.Close(ctx)
	})
}

// unprivileged gives the directory to a user whom Postgres runs as, if we are root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, uid, gid)
}

func count(t *testing.T, conn *pgx.Conn, sql string, args ...any) int {
	t.Helper()
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

func sessions(t *testing.T, dsn string) *Sessions {
	t.Helper()
	s, err := NewSessions(dsn)
	require.NoError(t, err)
	return s
}

func named(dsn, name string) string {
	return dsn + "&application_name=" + strings.ReplaceAll(name, " ", "+")
}
