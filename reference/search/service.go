package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// grace is how much longer this process waits than the database may take: the
// database's own timeout should come first, since it keeps the connection.
const grace = 250 * time.Millisecond

// Service searches projects and is the handler of GET /search. Its methods may
// be called from several goroutines.
type Service struct {
	config  Config
	pool    *pgxpool.Pool
	gate    *gate
	metrics *metrics
	logger  *slog.Logger
}

// Search returns the page for a query. The error is [errQuery] when the query
// cannot be searched for, [errOverloaded] when there was no turn or no
// connection in time, else the database's.
func (s *Service) Search(ctx context.Context, raw string) (resultPage, error) {
	q, err := parse(raw, s.config)
	if err != nil {
		return resultPage{}, err
	}
	conn, release, err := s.admit(ctx)
	if err != nil {
		return resultPage{}, err
	}
	defer release()
	if s.config.StatementTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.config.StatementTimeout+grace)
		defer cancel()
	}
	return s.search(ctx, conn, q)
}

// admit waits for a turn and a connection, both within AcquireTimeout.
func (s *Service) admit(ctx context.Context) (conn *pgxpool.Conn, release func(), err error) {
	waiting := ctx
	if s.config.AcquireTimeout > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, s.config.AcquireTimeout)
		defer cancel()
	}
	starved := func(err error) error {
		if ctx.Err() == nil && errors.Is(waiting.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("%w: none came free in %v", errOverloaded, s.config.AcquireTimeout)
		}
		return err
	}
	leave, err := s.gate.enter(waiting)
	if err != nil {
		return nil, nil, starved(err)
	}
	conn, err = s.pool.Acquire(waiting)
	if err != nil {
		leave()
		return nil, nil, starved(fmt.Errorf("acquire a connection: %w", err))
	}
	return conn, func() { conn.Release(); leave() }, nil
}

// search runs the statements of one search on one snapshot.
func (s *Service) search(ctx context.Context, conn *pgxpool.Conn, q query) (resultPage, error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: s.begin()})
	if err != nil {
		return resultPage{}, fmt.Errorf("begin search: %w", err)
	}
	defer tx.Rollback(ctx) // nothing was written; a broken connection is dropped by the pool

	limit, fetch := s.config.MaxResults, s.config.MaxResults+1 // one more tells whether there are more
	if limit == 0 {
		limit, fetch = pageSize, 0
	}
	ids, err := finder{tx: tx, query: q}.newest(ctx, fetch)
	if err != nil {
		return resultPage{}, err
	}
	if len(ids) == 0 {
		return resultPage{Query: q.raw, Limit: limit, Results: []foundProject{}}, nil
	}
	projects, err := load(ctx, tx, ids, s.config.StableOrder)
	if err != nil {
		return resultPage{}, err
	}
	page := resultPage{Query: q.raw, Limit: limit, Truncated: len(projects) > limit}
	page.Results = projects[:min(len(projects), limit)]
	page.Count = len(page.Results)
	return page, nil
}

// begin is the statement that starts a search.
func (s *Service) begin() string {
	return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = " +
		strconv.FormatInt(s.config.StatementTimeout.Milliseconds(), 10)
}
