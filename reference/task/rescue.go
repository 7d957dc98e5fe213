package task

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// idleBeat is how often a worker gives a sign of life if nobody is ever rescued.
const idleBeat = 5 * time.Second

// rescuer gives this worker's signs of life and takes up the tasks of workers
// that give none.
type rescuer struct {
	pool    *pgxpool.Pool
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
	return nil
}

// rescue makes tasks of silent workers available again. One that was on its last
// attempt fails: whether that did its work is not known.
func (r *rescuer) rescue(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	rows, err := r.pool.Query(ctx, `
		WITH left_behind AS (
			SELECT j.id FROM river_job j
			WHERE j.state = 'running' AND j.attempted_by[cardinality(j.attempted_by)] <> $1
			AND NOT EXISTS (SELECT FROM task_workers w
				WHERE w.id = j.attempted_by[cardinality(j.attempted_by)] AND w.seen_at > now() - $2::interval)
			ORDER BY j.id LIMIT 1000 FOR UPDATE SKIP LOCKED)
		UPDATE river_job j SET
			state = (CASE WHEN j.attempt >= j.max_attempts THEN 'discarded' ELSE 'available' END)::river_job_state,
			finalized_at = CASE WHEN j.attempt >= j.max_attempts THEN now() END,
			scheduled_at = now(),
			errors = array_append(j.errors, jsonb_build_object('at', now(), 'attempt', j.attempt, 'error', $3::text, 'trace', '')),
			metadata = j.metadata || jsonb_build_object('error_class', $4::text)
		FROM left_behind WHERE j.id = left_behind.id
		RETURNING j.id, j.kind, j.state = 'discarded'`,
		r.id, r.after, "the worker was gone before the attempt ended", string(Unknown))
	if err != nil {
		return fmt.Errorf("take up tasks of silent workers: %w", err)
	}
	var id int64
	var kind string
	var failed bool
	_, err = pgx.ForEachRow(rows, []any{&id, &kind, &failed}, func() error {
		r.logger.WarnContext(ctx, "task of a silent worker taken up", "task", id, "kind", kind, "failed", failed)
		if failed {
			r.metrics.fail(kind, Unknown)
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
