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
	if err := pooled(ctx, conn, a); err != nil {
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

// poolPatience is how long a pooler may let a statement wait for a connection.
const poolPatience = 3 * time.Second

// pooled says that what answers is a pooler that gives each transaction another
// connection, as pgbouncer does in transaction mode: the lock by which a run is known
// to live would be anybody's. A pooler has process ids of its own. While another
// transaction has the connection that served the last one, the next gets another, or
// has to wait.
func pooled(ctx context.Context, conn *pgx.Conn, a address.Address) error {
	var first, second uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&first); err != nil {
		return fmt.Errorf("ask the server who it is: %w", err)
	}
	if first == conn.PgConn().PID() {
		return nil // this is Postgres itself
	}
	other, err := connect(ctx, a)
	if err != nil {
		return err
	}
	defer other.Close(context.WithoutCancel(ctx))
	tx, err := other.Begin(ctx)
	if err == nil {
		_, err = tx.Exec(ctx, "SELECT 1")
		defer tx.Rollback(context.WithoutCancel(ctx))
	}
	if err != nil {
		return fmt.Errorf("ask the server who it is: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, poolPatience)
	defer cancel()
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&second)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("ask the server who it is: %w", err)
	}
	if first != second {
		return unfit("a pooler that shares connections answers there (pgbouncer in transaction mode): name Postgres itself, past the pooler")
	}
	return nil
}
