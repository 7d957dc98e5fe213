package task

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/scenarios/contract"
)

// rowsFinding holds what the target says of each task against the table in which its
// queue keeps it: a further witness, where the queue is one that is known.
func rowsFinding(ctx context.Context, db *pgxpool.Pool, of *contract.Tasks, records []record, curl func(load.Request) string) (standing.Finding, error) {
	found := standing.Finding{Check: "task-rows", About: "what the target says of a task is what the database has, where the queue is one that is known here"}
	var rows map[string]contract.Status
	var err error
	if of.Rows != nil {
		rows, err = of.Rows(ctx, db)
	}
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
			found.Add(standing.Example{At: r.due, What: fmt.Sprintf("task %s was taken on and is not in the database", r.id), Repeat: curl(of.Status(r.id))})
		case row.Kind != r.kind || (row.Over() || r.Over()) && (row.State != r.State || row.Attempts != r.Attempts || row.Most != r.Most || row.Class != "" && row.State == contract.Failed && row.Class != r.Class):
			found.Add(standing.Example{At: r.due, What: fmt.Sprintf("task %s is %s, and in the database %s", r.id, r.Status, row), Repeat: curl(of.Status(r.id))})
		}
	}
	return found, nil
}
