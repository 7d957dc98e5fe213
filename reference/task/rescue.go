package task

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// writtenWithin is how long after an attempt what became of it is written, at
// the latest while there is a database: River does so in batches, and again if
// that fails.
const writtenWithin = 10 * time.Second

// idleBeat is how often a worker gives a sign of life if nobody is ever rescued.
const idleBeat = 5 * time.Second

// rescuer gives this worker's signs of life and takes up the tasks of workers
// that give none, and those of its own that it never heard of.
type rescuer struct {
	pool    *pgxpool.Pool
	hands   *hands
	id      string        // of this worker, as River writes it into the jobs
	after   time.Duration // for how long one may be silent; 0: nobody is rescued
	metrics *metrics
	logger  *slog.Logger
	steady  time.Time // since when this worker's own signs have been written without a gap
	last    time.Time // when the latest was
}

// every is how often a sign is given: four may be lost before the silence
// counts.
func (r *rescuer) every() time.Duration {
	if r.after == 0 {
		return idleBeat
	}
	return max(r.after/5, time.Millisecond)
}

// run works until ctx ends.
func (r *rescuer) run(ctx context.Context) {
	tick := time.NewTicker(r.every())
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := r.step(ctx); err != nil && ctx.Err() == nil {
			r.logger.WarnContext(ctx, "no sign of life written", "error", err)
		}
	}
}

// step gives a sign of life and, if it is sure of the others' silence, rescues.
// After a gap in its own signs, as after an outage of the database, it waits
// once more: the others could not give any either.
func (r *rescuer) step(ctx context.Context) error {
	if err := r.beat(ctx); err != nil {
		return err
	}
	now := time.Now()
	if now.Sub(r.last) > r.after {
		r.steady = now
	}
	r.last = now
	if r.after == 0 || now.Sub(r.steady) < r.after {
		return nil
	}
	return r.rescue(ctx)
}

// beat writes a sign of life. Workers that are gone for a day are forgotten.
func (r *rescuer) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	_, err := r.pool.Exec(ctx, `WITH gone AS (DELETE FROM task_workers WHERE seen_at < now() - interval '1 day' AND id <> $1)
		INSERT INTO task_workers (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen_at = now()`, r.id)
	if err != nil {
		return fmt.Errorf("write a sign of life: %w", err)
	}
	r.metrics.heartbeat.beat(time.Now())
	return nil
}

// unheard are the tasks that this worker was given and does not work. There are
// some when the database carried out a fetch and its answer was lost.
func (r *rescuer) unheard(ctx context.Context) ([]int64, error) {
	rows, err := r.pool.Query(ctx, `SELECT id, attempt FROM river_job
		WHERE state = 'running' AND attempted_by[cardinality(attempted_by)] = $1 AND attempted_at < now() - $2::interval`, r.id, r.after)
	if err != nil {
		return nil, fmt.Errorf("read this worker's own tasks: %w", err)
	}
	own, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (g given, err error) {
		return g, row.Scan(&g.task, &g.attempt)
	})
	if err != nil {
		return nil, fmt.Errorf("read this worker's own tasks: %w", err)
	}
	return r.hands.missing(own, time.Now().Add(-max(r.after, writtenWithin))), nil
}

// rescue makes tasks of silent workers available again. One that was on its last
// attempt fails: whether that did its work is not known.
func (r *rescuer) rescue(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	unheard, err := r.unheard(ctx)
	if err != nil {
		return err
	}
	rows, err := r.pool.Query(ctx, `
		WITH left_behind AS (
			SELECT j.id FROM river_job j
			WHERE j.state = 'running' AND (j.id = ANY($5) OR j.attempted_by[cardinality(j.attempted_by)] <> $1
			AND NOT EXISTS (SELECT FROM task_workers w
				WHERE w.id = j.attempted_by[cardinality(j.attempted_by)] AND w.seen_at > now() - $2::interval))
			ORDER BY j.id LIMIT 1000 FOR UPDATE SKIP LOCKED)
		UPDATE river_job j SET
			state = (CASE WHEN j.attempt >= j.max_attempts THEN 'discarded' ELSE 'available' END)::river_job_state,
			finalized_at = CASE WHEN j.attempt >= j.max_attempts THEN now() END,
			scheduled_at = now(),
			errors = array_append(j.errors, jsonb_build_object('at', now(), 'attempt', j.attempt, 'error',
				CASE WHEN j.id = ANY($5) THEN $6 ELSE $3 END, 'trace', '')),
			metadata = j.metadata || jsonb_build_object('error_class', $4::text)
		FROM left_behind WHERE j.id = left_behind.id
		RETURNING j.id, j.kind, j.state = 'discarded'`,
		r.id, r.after, "the worker was gone before the attempt ended", string(classUnknown),
		unheard, "the worker was given the task and never heard of it")
	if err != nil {
		return fmt.Errorf("take up tasks of silent workers: %w", err)
	}
	var id int64
	var kind string
	var failed bool
	_, err = pgx.ForEachRow(rows, []any{&id, &kind, &failed}, func() error {
		r.logger.WarnContext(ctx, "task that nobody works taken up", "task", id, "kind", kind, "failed", failed)
		if failed {
			r.metrics.fail(kind, classUnknown)
		} else {
			r.metrics.retry(kind)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take up tasks of silent workers: %w", err)
	}
	return nil
}
