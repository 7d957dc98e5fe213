package task

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// waker tells the workers of a queue, in all processes, that a task is there for
// them, so that they need not wait for their next look. It speaks in River's
// words, but at another time: River tells of a task within the transaction that
// inserts it, and of none within [fetchCooldown] of one that it told of. A task
// that was committed just after the fetch that the other had brought about was
// not heard of, and waited for the next look.
//
// What is lost on the way, with the connection or the process, costs no more
// than the wait until that look.
type waker struct {
	pool   *pgxpool.Pool
	logger *slog.Logger
	rung   chan struct{} // holds one: somebody is to be woken

	mu  sync.Mutex
	due map[string]bool // the queues to wake; guarded by mu
}

func newWaker(pool *pgxpool.Pool, logger *slog.Logger) *waker {
	return &waker{pool: pool, logger: logger, rung: make(chan struct{}, 1), due: map[string]bool{}}
}

// wake has the workers of a queue told soon. The task is committed already. It
// does not wait, also not where nobody runs the waker.
func (w *waker) wake(queue string) {
	w.mu.Lock()
	w.due[queue] = true
	w.mu.Unlock()
	select {
	case w.rung <- struct{}{}:
	default:
	}
}

// run tells until ctx ends, the first at once and no queue more often than it is
// fetched from.
func (w *waker) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.rung:
		}
		if err := w.tell(ctx); err != nil && ctx.Err() == nil {
			w.logger.DebugContext(ctx, "workers not told of tasks", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(fetchCooldown):
		}
	}
}

// tell wakes all whom there is something for.
func (w *waker) tell(ctx context.Context) error {
	w.mu.Lock()
	queues := slices.Collect(maps.Keys(w.due))
	clear(w.due)
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	_, err := w.pool.Exec(ctx, `SELECT pg_notify(current_schema() || '.river_insert', jsonb_build_object('queue', queue)::text)
		FROM unnest($1::text[]) AS queue`, queues)
	return err
}
