package database

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/harness/database/internal/address"
	"holdfast.dev/holdfast/harness/database/internal/cluster"
)

// leastConnections is how many connections a run needs at least: a few of its own, and
// the target's pool.
const leastConnections = 12

// server is what a server says of itself, and of us.
type server struct {
	Version   string
	Number    int
	User      string
	MayCreate bool
	Writes    bool // it takes writes
	Limit     int  // connections that it has for us
	Used      int  // those that are taken
}

// inspect reads the server's version and sees whether it will do, before anything is
// spent on it.
func inspect(ctx context.Context, conn *pgx.Conn, a address.Address) (version string, err error) {
	if err := pooled(ctx, conn, a); err != nil { // first: a pooler may lose a prepared statement
		return "", err
	}
	var s server
	err = conn.QueryRow(ctx, `
		SELECT current_setting('server_version'), current_setting('server_version_num')::int, r.rolname, r.rolcreatedb OR r.rolsuper,
		       current_setting('transaction_read_only') = 'off' AND NOT pg_is_in_recovery(),
		       CASE WHEN r.rolconnlimit >= 0 AND NOT r.rolsuper THEN r.rolconnlimit
		            ELSE current_setting('max_connections')::int - CASE WHEN r.rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::int END END,
		       (SELECT count(*) FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND a.datid IS NOT NULL
		           AND (r.rolconnlimit < 0 OR r.rolsuper OR a.usesysid = r.oid))
		  FROM pg_roles r WHERE r.rolname = current_user`).
		Scan(&s.Version, &s.Number, &s.User, &s.MayCreate, &s.Writes, &s.Limit, &s.Used)
	if err != nil {
		return "", fmt.Errorf("ask the server who it is: %w", err)
	}
	if err := s.fit(); err != nil {
		return "", err
	}
	version, _, _ = strings.Cut(s.Version, " ") // "15.18 (Debian 15.18-0+deb12u1)"
	return version, nil
}

// fit says why a server is none to run on, and what to do.
func (s server) fit() error {
	switch free := s.Limit - s.Used; {
	case s.Number/10000 < cluster.OldestMajor:
		return unfit(fmt.Sprintf("the server is PostgreSQL %s; %d or newer is needed", s.Version, cluster.OldestMajor))
	case !s.Writes:
		return unfit("the server takes no writes (it is a standby, or default_transaction_read_only is on): name the primary")
	case !s.MayCreate:
		return unfit(fmt.Sprintf("role %s may not create databases: ALTER ROLE %s CREATEDB", s.User, quote(s.User)))
	case free < leastConnections:
		return unfit(fmt.Sprintf("the server has %d connections left for role %s, and a run needs %d at least: raise max_connections, or ALTER ROLE %s CONNECTION LIMIT -1",
			max(0, free), s.User, leastConnections, quote(s.User)))
	}
	return nil
}

// poolPatience is how long a pooler may let a statement wait for a connection, and
// poolTries how often it is tried to see one shared: others may use the pool, too.
const (
	poolPatience = 3 * time.Second
	poolTries    = 3
)

// pooled says that what answers is a pooler that gives each transaction another
// connection, as pgbouncer does in transaction mode: the lock by which a run is known
// to live would be anybody's. A pooler has process ids of its own.
func pooled(ctx context.Context, conn *pgx.Conn, a address.Address) error {
	first, err := backend(ctx, conn)
	if err != nil || first == conn.PgConn().PID() {
		return err // this is Postgres itself
	}
	for range poolTries {
		shared, err := shares(ctx, conn, a, first)
		if err != nil {
			return err
		}
		if shared {
			return unfit("a pooler that shares connections answers there (pgbouncer in transaction mode): name Postgres itself, past the pooler")
		}
	}
	return nil
}

// shares reports whether the pooler behind conn, which had the backend first, has given
// that to somebody else, or another one to conn. It may give out the one that was used
// last, or each in turn (server_round_robin): in turn, conn gets another at once, where
// there are several; else another transaction gets the first, and while that has it,
// conn gets another, or has to wait.
func shares(ctx context.Context, conn *pgx.Conn, a address.Address, first uint32) (bool, error) {
	again, err := backend(ctx, conn)
	if err != nil || again != first {
		return true, err
	}
	other, err := connect(ctx, a)
	if err != nil {
		return false, err
	}
	defer other.Close(context.WithoutCancel(ctx))
	tx, err := other.Begin(ctx)
	if err != nil {
		return false, fmt.Errorf("ask the server who it is: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	others, err := backend(ctx, other)
	if err != nil || others == first {
		return true, err
	}
	ctx, cancel := context.WithTimeout(ctx, poolPatience)
	defer cancel()
	again, err = backend(ctx, conn)
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return true, nil
	}
	return again != first, err
}

// backend is the process of Postgres that serves a connection now.
func backend(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
		return 0, fmt.Errorf("ask the server who it is: %w", err)
	}
	return pid, nil
}
