package oracle

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// errOverloaded is in the chain of the error of a request that waited in vain
// for a database connection.
var errOverloaded = errors.New("no database connection came free")

// grace is how much longer this process waits than the database may take: the
// database's own timeout should come first, since it keeps the connection.
const grace = 250 * time.Millisecond

// store reads a project's oracles.
type store struct {
	config Config
	pool   *pgxpool.Pool
}

// acquire takes a connection from the pool.
func (s store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	waiting := ctx
	if s.config.AcquireTimeout > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, s.config.AcquireTimeout)
		defer cancel()
	}
	conn, err := s.pool.Acquire(waiting)
	if err != nil && ctx.Err() == nil && errors.Is(waiting.Err(), context.DeadlineExceeded) {
		return nil, fmt.Errorf("%w in %v", errOverloaded, s.config.AcquireTimeout)
	}
	if err != nil {
		return nil, fmt.Errorf("acquire a connection: %w", err)
	}
	return conn, nil
}

// read returns how many oracles of a project are active, and those to ask, in
// their order. The error is [errNoProject] if there is no such project.
func (s store) read(ctx context.Context, conn *pgxpool.Conn, project int64) (active int, sources []source, err error) {
	if s.config.StatementTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.config.StatementTimeout+grace)
		defer cancel()
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: s.begin()})
	if err != nil {
		return 0, nil, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(ctx) // nothing was written; a broken connection is dropped by the pool

	var limit *int // NULL: no limit
	if s.config.Cap > 0 {
		limit = &s.config.Cap
	}
	// A project without oracles is one row without an oracle; none at all is no row.
	rows, err := tx.Query(ctx, `
		SELECT p.active_oracles, o.name, o.url, o.adapter
		FROM projects p LEFT JOIN LATERAL (
			SELECT id, position, name, url, adapter FROM oracles
			WHERE project_id = p.id AND active
			ORDER BY position, id
			LIMIT $2::bigint) o ON true
		WHERE p.id = $1
		ORDER BY o.position, o.id`, project, limit)
	if err != nil {
		return 0, nil, fmt.Errorf("read oracles: %w", err)
	}
	found := false
	var name, url, adapter *string
	_, err = pgx.ForEachRow(rows, []any{&active, &name, &url, &adapter}, func() error {
		found = true
		if name != nil {
			sources = append(sources, source{name: *name, url: *url, adapter: *adapter})
		}
		return nil
	})
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("read oracles: %w", err)
	case !found:
		return 0, nil, errNoProject
	}
	return active, sources, nil
}

// begin is the statement that starts reading.
func (s store) begin() string {
	return "BEGIN READ ONLY; SET LOCAL statement_timeout = " +
		strconv.FormatInt(s.config.StatementTimeout.Milliseconds(), 10)
}
