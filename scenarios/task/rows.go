package task

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/harness/standing"
)

// rowsFinding holds what the target says of each task against the table in which the
// reference's queue, River, keeps it: a further witness, where there is that table.
func rowsFinding(ctx context.Context, dsn string, records []record, curl func(string) string) (standing.Finding, error) {
	found := standing.Finding{Check: "task-rows", About: "what GET /tasks/{id} says is what the database has, where the queue is one that is known here"}
	rows, err := readRows(ctx, dsn)
	if err != nil || rows == nil {
		found.Unseen = "the queue is none that is known here"
		return found, err
	}
	for _, r := range records {
		row, ok := rows[r.id]
		if !r.accepted || !r.told {
			continue
		}
		found.Looked++
		switch {
		case !ok:
			found.Add(standing.Example{At: r.due, What: fmt.Sprintf("task %s was answered 202 and is not in the database", r.id), Repeat: curl("/tasks/" + r.id)})
		case row.kind != r.kind || (row.over() || r.over()) && (row.state != r.state || row.attempts != r.attempts || row.most != r.most || row.class != "" && row.state == failed && row.class != r.class):
			found.Add(standing.Example{At: r.due, What: fmt.Sprintf("task %s is %s, and in the database %s", r.id, r.status, row), Repeat: curl("/tasks/" + r.id)})
		}
	}
	return found, nil
}

// readRows reads River's jobs by their ids; nil where there is no such table.
func readRows(ctx context.Context, dsn string) (map[string]status, error) {
	if dsn == "" {
		return nil, nil
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass('river_job') IS NOT NULL`).Scan(&there); err != nil || !there {
		return nil, err
	}
	rows, err := conn.Query(ctx, `SELECT id::text, kind, CASE state WHEN 'completed' THEN 'succeeded' WHEN 'cancelled' THEN 'failed'
			WHEN 'discarded' THEN 'failed' WHEN 'running' THEN 'running' ELSE 'pending' END,
		attempt + coalesce((metadata->>'uncounted')::int, 0), max_attempts + coalesce((metadata->>'uncounted')::int, 0),
		coalesce(metadata->>'error_class', '') FROM river_job`)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	all := map[string]status{}
	var id string
	var s status
	if _, err := pgx.ForEachRow(rows, []any{&id, &s.kind, &s.state, &s.attempts, &s.most, &s.class}, func() error {
		all[id] = s
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return all, nil
}
