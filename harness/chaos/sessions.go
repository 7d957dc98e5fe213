package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ApplicationName is the name under which the sessions of this package show in
// pg_stat_activity. Faults leave alone every session whose name begins with
// "holdfast-": those are the harness's own.
const ApplicationName = "holdfast-chaos"

// ownSessions is a pattern of LIKE for the sessions of the harness.
const ownSessions = "holdfast-%"

// Sessions is the [Place] of faults that are done in SQL, from sessions of our
// own on the target's database: a locked table, connections held, backends
// terminated. Whatever they hold ends with their connection, also when the
// harness is killed. Where the server is the caller's own, it may crash, too.
type Sessions struct {
	config *pgx.ConnConfig
	held   *pgx.ConnConfig // for sessions that are only held
	server Server          // nil where it may not be killed
}

// NewSessions makes the place for the database of dsn, to which it connects
// directly, not through a proxy: a fault there is not to be in the way here. The
// role needs the rights of pg_signal_backend for [fault.TerminateBackends].
func NewSessions(dsn string) (*Sessions, error) {
	config, err := configOf(dsn)
	if err != nil {
		return nil, err
	}
	return &Sessions{config: config, held: config}, nil
}

func configOf(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The parser's own error quotes the DSN, which holds a password.
		return nil, errors.New("sessions: the DSN cannot be read")
	}
	config.RuntimeParams["application_name"] = ApplicationName
	for _, limit := range []string{"idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout"} {
		config.RuntimeParams[limit] = "0" // what a role's default would cut short
	}
	return config, nil
}

// HoldingAs returns the place with connections held as another role, which has those
// alone that a service has: what is reserved for superusers stays free.
func (s *Sessions) HoldingAs(dsn string) (*Sessions, error) {
	held, err := configOf(dsn)
	if err != nil {
		return nil, err
	}
	return &Sessions{config: s.config, held: held, server: s.server}, nil
}

// On returns the place with the server that the database is on, which
// [fault.Crash] kills and starts again.
func (s *Sessions) On(server Server) *Sessions {
	return &Sessions{config: s.config, held: s.held, server: server}
}

func (s *Sessions) connect(ctx context.Context) (*pgx.Conn, error) { return open(ctx, s.config) }

func open(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config.Copy())
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", plain(err))
	}
	return conn, nil
}

// plain keeps of an error of connecting what the server said, or what failed,
// and leaves out user and database.
func plain(err error) error {
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) {
		return errors.Unwrap(connecting)
	}
	return err
}

// backend is one life of a server process: its id may come again, the start not.
type backend struct {
	pid     uint32
	started time.Time
}

// backendsOf identifies the backends of conns, asking on conn.
func backendsOf(ctx context.Context, conn *pgx.Conn, conns []*pgx.Conn) ([]backend, error) {
	pids := make([]int64, len(conns))
	for i, c := range conns {
		pids[i] = int64(c.PgConn().PID())
	}
	rows, err := conn.Query(ctx, `select pid, backend_start from pg_stat_activity where pid = any ($1::bigint[])`, pids)
	if err != nil {
		return nil, fmt.Errorf("identify sessions: %w", err)
	}
	backends, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b backend, err error) {
		return b, row.Scan(&b.pid, &b.started)
	})
	if err != nil {
		return nil, fmt.Errorf("identify sessions: %w", err)
	}
	return backends, nil
}

// alive counts which of the backends are still there.
func alive(ctx context.Context, conn *pgx.Conn, backends []backend) (int64, error) {
	pids := make([]int64, len(backends))
	starts := make([]time.Time, len(backends))
	for i, b := range backends {
		pids[i], starts[i] = int64(b.pid), b.started
	}
	var n int64
	err := conn.QueryRow(ctx, `
		select count(*) from pg_stat_activity a
		join unnest($1::bigint[], $2::timestamptz[]) b (pid, started)
		  on a.pid = b.pid and a.backend_start = b.started`, pids, starts).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("look for sessions: %w", err)
	}
	return n, nil
}

// awaitGone returns nil when none of the backends is there any more.
func awaitGone(ctx context.Context, conn *pgx.Conn, backends []backend) error {
	return await(ctx, "the sessions to be gone", func() (bool, error) {
		n, err := alive(ctx, conn, backends)
		return err == nil && n == 0, err
	})
}

// closeConn closes conn within a second even where ctx is over.
func closeConn(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // broken is as good as closed: the server ends its side
}
