package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
)

// enqueueTimeout bounds how long a client waits for its task to be taken on.
const enqueueTimeout = 3 * time.Second

// errBacklog tells that too many tasks wait in memory to be written.
var errBacklog = errors.New("too many tasks wait to be written")

// enqueuer takes tasks on and returns their ids.
type enqueuer interface {
	enqueue(ctx context.Context, args river.JobArgs) (int64, error)
}

// durable commits a task to the database before it returns, and has its workers
// woken.
type durable struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx] // inserts only: see [inserting]
	insert func(river.JobArgs) *river.InsertOpts
	waker  *waker
}

// enqueue fails without a trace, except when the answer to COMMIT is lost: then
// the task may be taken on although the caller hears otherwise.
func (d *durable) enqueue(ctx context.Context, args river.JobArgs) (int64, error) {
	var id int64
	err := d.commit(ctx, args, func(_ context.Context, _ pgx.Tx, inserted int64) error {
		id = inserted
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("take the task on: %w", err)
	}
	return id, nil
}

// as stores a task under an id that was given out before.
func (d *durable) as(ctx context.Context, id int64, args river.JobArgs) error {
	return d.commit(ctx, args, func(ctx context.Context, tx pgx.Tx, inserted int64) error {
		_, err := tx.Exec(ctx, "UPDATE river_job SET id = $1 WHERE id = $2", id, inserted)
		return err
	})
}

// commit stores a task in a transaction, with what else is to be done in it.
func (d *durable) commit(ctx context.Context, args river.JobArgs, also func(context.Context, pgx.Tx, int64) error) error {
	ctx, cancel := context.WithTimeout(ctx, enqueueTimeout)
	defer cancel()
	opts := d.insert(args)
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		inserted, err := d.client.InsertTx(ctx, tx, args, opts)
		if err != nil {
			return err
		}
		return also(ctx, tx, inserted.Job.ID)
	})
	if err == nil {
		d.waker.wake(opts.Queue)
	}
	return err
}

// Of a backlog, how many tasks it holds and how often it is written.
const (
	backlogSize  = 10_000
	backlogWrite = time.Second
)

// backlog takes tasks on in memory and writes them to the database once a
// second, as a program does that wants to answer fast. What is in memory when
// the process is killed, or what cannot be written, is lost.
type backlog struct {
	durable *durable
	waiting chan promised
	logger  *slog.Logger
}

// promised is a task that somebody was told of but that is not stored yet.
type promised struct {
	id   int64
	args river.JobArgs
}

func newBacklog(d *durable, logger *slog.Logger) *backlog {
	return &backlog{durable: d, waiting: make(chan promised, backlogSize), logger: logger}
}

func (b *backlog) enqueue(ctx context.Context, args river.JobArgs) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, enqueueTimeout)
	defer cancel()
	var id int64
	if err := b.durable.pool.QueryRow(ctx, "SELECT nextval('river_job_id_seq')").Scan(&id); err != nil {
		return 0, fmt.Errorf("draw an id for the task: %w", err)
	}
	select {
	case b.waiting <- promised{id, args}:
		return id, nil
	default:
		return 0, errBacklog
	}
}

// run writes what waits, until ctx ends and then once more.
func (b *backlog) run(ctx context.Context) {
	tick := time.NewTicker(backlogWrite)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.write(ctx)
		case <-ctx.Done():
			b.write(context.WithoutCancel(ctx))
			return
		}
	}
}

// write stores all that waits now.
func (b *backlog) write(ctx context.Context) {
	for range len(b.waiting) {
		next := <-b.waiting
		if err := b.durable.as(ctx, next.id, next.args); err != nil {
			b.logger.ErrorContext(ctx, "task lost: it could not be written", "task", next.id, "kind", next.args.Kind(), "error", err)
		}
	}
}
