package database

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/database/internal/address"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

const (
	connectPatience = 5 * time.Second
	// cleanPatience bounds what must be done although the caller's context ended.
	cleanPatience = 30 * time.Second
)

// SQLSTATEs that this package decides by.
const (
	codeDuplicateDatabase = "42P04"
	codeDuplicateObject   = "42710"
	codeUnique            = "23505"
	codeNoSuchDatabase    = "3D000"
	codeNoPrivilege       = "42501"
	codeInvalidAuth       = "28000"
	codeDependents        = "2BP01"
	codeProtocol          = "08P01" // a pooler says so of a database that it does not know
	codeTooMany           = "53300"
	codeInvalidValue      = "22023"
	codeWrongObject       = "42809"
	codeUndefinedFile     = "58P01"
	codeNotSupported      = "0A000"
	classNoRoom           = "53"
	classNotReady         = "57"
)

func hasCode(err error, codes ...string) bool {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return false
	}
	for _, code := range codes {
		if pgErr.Code == code {
			return true
		}
	}
	return false
}

// configure is how a connection is opened that no setting of the server or role cuts
// short.
func configure(config *pgx.ConnConfig) {
	config.ConnectTimeout = connectPatience
	// A cancelled CREATE DATABASE must stop, not go on behind our back.
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: connectPatience}
	}
	config.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) {}
}

// withoutLimits makes the settings of a connection that [configure] is not enough for.
func withoutLimits(ctx context.Context, conn *pgx.Conn) error {
	for _, setting := range []string{
		"statement_timeout = 0", "lock_timeout = 0", "idle_in_transaction_session_timeout = 0",
		// A client that vanished with its machine must not look alive for two hours.
		"tcp_keepalives_idle = 30", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3",
		"application_name = 'holdfast'",
	} {
		if _, err := conn.Exec(ctx, "SET "+setting); err != nil {
			return err
		}
	}
	_, _ = conn.Exec(ctx, "SET idle_session_timeout = 0") // since PostgreSQL 14
	return nil
}

// connect opens such a connection.
func connect(ctx context.Context, a address.Address) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(a.DSN())
	if err != nil {
		return nil, errUnread
	}
	configure(config)
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, connectError(a, err)
	}
	if err := withoutLimits(ctx, conn); err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("connect to %s: %w", a, err)
	}
	return conn, nil
}

// errUnread never is in pgx's own words: they may hold the password.
var errUnread = errors.New("its settings cannot be read")

// refused is a connection that was not to be had, in one line.
type refused struct {
	text string
	err  error
}

func (r *refused) Error() string { return r.text }
func (r *refused) Unwrap() error { return r.err }

// connectError says in one line why nobody answered, or why we were not let in.
func connectError(a address.Address, err error) error {
	reason := strings.Join(strings.Fields(err.Error()), " ")
	var pgErr *pgconn.PgError
	var netErr *net.OpError
	var dnsErr *net.DNSError
	switch {
	case errors.As(err, &pgErr):
		reason = pgErr.Message
	case errors.As(err, &dnsErr):
		reason = dnsErr.Error()
	case errors.As(err, &netErr):
		reason = netErr.Err.Error()
	}
	return &refused{text: fmt.Sprintf("connect to %s: %s", a, reason), err: err}
}

// maintenance finds the database to administer from. Sessions must meet in one
// database wherever they can, since advisory locks are per database: postgres,
// or, where that is closed to us, the one that the address names.
func maintenance(ctx context.Context, a address.Address) (address.Address, *pgx.Conn, error) {
	conn, err := connect(ctx, a.On("postgres"))
	if err == nil {
		return a.On("postgres"), conn, nil
	}
	if !hasCode(err, codeNoSuchDatabase, codeNoPrivilege, codeInvalidAuth, codeProtocol) || a.Database() == "postgres" {
		return address.Address{}, nil, err
	}
	conn, err = connect(ctx, a)
	return a, conn, err
}

// quote writes an identifier for SQL.
func quote(identifier string) string { return pgx.Identifier{identifier}.Sanitize() }

// literal writes a text for SQL, where no parameter can stand.
func literal(text string) string {
	text = strings.ReplaceAll(text, "\x00", "")
	if strings.Contains(text, `\`) {
		return ` E'` + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(text) + `'`
	}
	return `'` + strings.ReplaceAll(text, `'`, `''`) + `'`
}
