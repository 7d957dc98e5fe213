package reference

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/scenarios/contract"
)

// readRows reads River's jobs by their ids; nil where there is no such table.
func readRows(ctx context.Context, db *pgxpool.Pool) (map[string]contract.Status, error) {
	if db == nil {
		return nil, nil
	}
	var there bool
	if err := db.QueryRow(ctx, `SELECT to_regclass('river_job') IS NOT NULL`).Scan(&there); err != nil || !there {
		return nil, err
	}
	rows, err := db.Query(ctx, `SELECT id::text, kind, CASE state WHEN 'completed' THEN 'succeeded' WHEN 'cancelled' THEN 'failed'
			WHEN 'discarded' THEN 'failed' WHEN 'running' THEN 'running' ELSE 'pending' END,
		attempt + coalesce((metadata->>'uncounted')::int, 0), max_attempts + coalesce((metadata->>'uncounted')::int, 0),
		coalesce(metadata->>'error_class', '') FROM river_job`)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	all := map[string]contract.Status{}
	var id, kind string
	var s contract.Status
	if _, err := pgx.ForEachRow(rows, []any{&id, &kind, &s.State, &s.Attempts, &s.Most, &s.Class}, func() error {
		s.Kind = kindOf(kind)
		all[id] = s
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return all, nil
}
