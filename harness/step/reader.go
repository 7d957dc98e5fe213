package step

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// DefaultReadTimeout is how long a question may take.
const DefaultReadTimeout = 10 * time.Second

// serverGrace is how much later than ours the server gives up a question.
const serverGrace = time.Second

// readerRole is the role that may read everything and write nothing, of Postgres 14
// and newer.
const readerRole = "pg_read_all_data"

// Reader asks a database and changes nothing in it: each question is one statement in
// a transaction that can only read, asked as a role that can only read where the
// server has one and we may take it, with a timeout of its own. It keeps one
// connection, to be closed, and may be used from several goroutines.
type Reader struct {
	dsn string

	mu   sync.Mutex // guards conn; held while it is asked
	conn *pgx.Conn  // nil until it is needed
}

// NewReader is a reader of the database at a DSN. It connects when it is asked.
func NewReader(dsn string) *Reader { return &Reader{dsn: dsn} }

// Question is one statement that reads.
type Question struct {
	SQL     string
	Timeout time.Duration // defaults to [DefaultReadTimeout]
	MaxRows int           // how many rows are kept. Defaults to [MaxRows]
}

// Ask returns the rows as text, at most as many as are kept, and how many there were.
func (r *Reader) Ask(ctx context.Context, q Question) (rows [][]string, n int, err error) {
	timeout := cmp.Or(q.Timeout, DefaultReadTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it took longer than %s", timeout))
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	rows, n, err = r.ask(ctx, q, timeout)
	if hidesRows(err) {
		// The reading role would not see all that the target's own does.
		if _, err = r.conn.Exec(ctx, "RESET ROLE"); err == nil {
			rows, n, err = r.ask(ctx, q, timeout)
		}
	}
	if err != nil {
		r.drop(ctx)
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
	}
	return rows, n, err
}

func (r *Reader) ask(ctx context.Context, q Question, timeout time.Duration) (rows [][]string, n int, err error) {
	if err := r.open(ctx); err != nil {
		return nil, 0, err
	}
	tx, err := r.conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, tx.Rollback(context.WithoutCancel(ctx))) }()
	// The server's own limit is for when nobody is left to give up here: what ends a
	// question in time is the context, whose cause says so in our words.
	if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL statement_timeout = %d", (timeout+serverGrace).Milliseconds())); err != nil {
		return nil, 0, err
	}
	found, err := tx.Query(ctx, q.SQL, pgx.QueryExecModeDescribeExec, pgx.QueryResultFormats{pgx.TextFormatCode})
	if err != nil {
		return nil, 0, err
	}
	defer found.Close()
	for most := cmp.Or(q.MaxRows, MaxRows); found.Next(); n++ {
		if n < most {
			rows = append(rows, texts(found.RawValues()))
		}
	}
	found.Close()
	return rows, n, found.Err()
}

// open connects, if there is no connection.
func (r *Reader) open(ctx context.Context) (err error) {
	if r.conn != nil && !r.conn.IsClosed() {
		return nil
	}
	if r.conn, err = connect(ctx, r.dsn); err != nil {
		return err
	}
	for _, set := range []string{
		"SET default_transaction_read_only = on", "SET TimeZone = 'UTC'",
		"SET row_security = off", // what a policy would hide is an error, and not a row less
		"SELECT set_config('search_path', string_agg(quote_ident(name), ', '), false) FROM unnest(current_schemas(false)) name HAVING count(*) > 0",
	} {
		if _, err := r.conn.Exec(ctx, set); err != nil {
			return err
		}
	}
	_, _ = r.conn.Exec(ctx, "SET ROLE "+readerRole) // refused: the transaction alone keeps it from writing
	return nil
}

// hidesRows reports whether a question failed because a policy of the table keeps rows
// from who asks.
func hidesRows(err error) bool {
	refused := new(pgconn.PgError)
	return errors.As(err, &refused) && refused.Code == insufficientPrivilege && strings.Contains(refused.Message, "row-level security")
}

// insufficientPrivilege is the SQLSTATE of what a role may not do.
const insufficientPrivilege = "42501"

// drop ends a connection of which it is not known what it is at.
func (r *Reader) drop(ctx context.Context) {
	if r.conn != nil {
		_ = r.conn.Close(context.WithoutCancel(ctx)) // it is given up
		r.conn = nil
	}
}

// Close ends its connection.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := r.conn.Close(ctx)
	r.conn = nil
	return err
}
