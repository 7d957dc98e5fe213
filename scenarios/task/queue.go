package task

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/harness"
)

// queued is a task as the queue has it.
type queued struct {
	state    string // River's
	attempts int
	class    string // of the latest error
}

// over says whether nothing more happens to it.
func (q queued) over() bool { return q.state == "completed" || q.failed() }

// failed says whether it was given up.
func (q queued) failed() bool { return q.state == "cancelled" || q.state == "discarded" }

// readQueue reads the whole queue, by what each task is known by: the project
// that it is about, or its first recipient. See [mailing.key].
func readQueue(ctx context.Context, dsn string) (map[string]queued, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, `SELECT coalesce(args->>'project_id', args->'messages'->0->>'to'), state::text,
		attempt + coalesce((metadata->>'uncounted')::int, 0), coalesce(metadata->>'error_class', '') FROM river_job`)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	all := map[string]queued{}
	var key string
	var q queued
	if _, err := pgx.ForEachRow(rows, []any{&key, &q.state, &q.attempts, &q.class}, func() error {
		all[key] = q
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return all, nil
}

// drained says whether nothing in the queue waits or runs.
func drained(ctx context.Context, o harness.State) (bool, error) {
	conn, err := pgx.Connect(ctx, o.DSN)
	if err != nil {
		return false, fmt.Errorf("look at the queue: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var busy bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded'))`).Scan(&busy)
	if err != nil {
		return false, fmt.Errorf("look at the queue: %w", err)
	}
	return !busy, nil
}
