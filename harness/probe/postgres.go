package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/harness/result"
)

const (
	// DefaultPostgresEvery is what [Postgres] samples at.
	DefaultPostgresEvery = 250 * time.Millisecond
	// PostgresName is the application_name of the probe's own connection, which
	// it leaves out of its counts.
	PostgresName = "holdfast-probe"
)

// PostgresConfig is whose connections to count.
type PostgresConfig struct {
	// DSN leads to the server, past any proxy with faults. Required.
	DSN string
	// Database counts the connections to it alone. Defaults to the DSN's own.
	Database string
	// Application counts those with this application_name alone. Defaults to
	// all, as far as they are not the probe's own.
	Application string
	// Every is the time between two samples. Defaults to 250 ms.
	Every time.Duration
}

// Postgres measures the connections to a database by their state, from the
// server's own view (pg_stat_activity): db.connections.total, .active, .idle,
// .idle_in_transaction (aborted ones too), and db.locks.waiting, those of them
// that wait for a lock. A user who may not see the sessions of others sees
// their number, not their state. It holds one connection, to the DSN's
// database: stop it before dropping that.
func Postgres(c PostgresConfig) (Probe, error) {
	config, err := pgx.ParseConfig(c.DSN)
	if c.DSN == "" || err != nil {
		// The parser's error repeats the DSN, and with it the password.
		return nil, errors.New("postgres probe: DSN is missing or malformed")
	}
	if c.Every < 0 {
		return nil, errors.New("postgres probe: Every is negative")
	}
	if c.Every == 0 {
		c.Every = DefaultPostgresEvery
	}
	if c.Database == "" {
		c.Database = config.Database
	}
	config.RuntimeParams["application_name"] = PostgresName
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // nothing prepared: works through a pooler, too
	return &sessions{config: c, connect: config}, nil
}

type sessions struct {
	config  PostgresConfig
	connect *pgx.ConnConfig
	conn    *pgx.Conn // nil while there is none
}

func (*sessions) Name() string           { return "postgres sessions" }
func (s *sessions) Every() time.Duration { return s.config.Every }
func (*sessions) Series() []Series {
	return []Series{
		{Name: "db.connections.total", Unit: result.UnitCount},
		{Name: "db.connections.active", Unit: result.UnitCount},
		{Name: "db.connections.idle", Unit: result.UnitCount},
		{Name: "db.connections.idle_in_transaction", Unit: result.UnitCount},
		{Name: "db.locks.waiting", Unit: result.UnitCount},
	}
}

const countSessions = `SELECT
	count(*)::float8,
	count(*) FILTER (WHERE state = 'active')::float8,
	count(*) FILTER (WHERE state = 'idle')::float8,
	count(*) FILTER (WHERE state LIKE 'idle in transaction%')::float8,
	count(*) FILTER (WHERE wait_event_type = 'Lock')::float8
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
	AND application_name <> $1 AND datname = $2 AND ($3 = '' OR application_name = $3)`

func (s *sessions) Sample(ctx context.Context) ([]float64, error) {
	if s.conn == nil || s.conn.IsClosed() {
		conn, err := pgx.ConnectConfig(ctx, s.connect)
		if err != nil {
			return nil, fmt.Errorf("connect to count sessions: %w", err)
		}
		s.conn = conn
	}
	values := make([]float64, 5)
	row := s.conn.QueryRow(ctx, countSessions, PostgresName, s.config.Database, s.config.Application)
	if err := row.Scan(&values[0], &values[1], &values[2], &values[3], &values[4]); err != nil {
		return nil, fmt.Errorf("count sessions: %w", errors.Join(err, s.Close())) // the next sample connects anew
	}
	return values, nil
}

// Close ends the connection.
func (s *sessions) Close() error {
	if s.conn == nil {
		return nil
	}
	conn := s.conn
	s.conn = nil
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return conn.Close(ctx)
}
