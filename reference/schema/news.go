package schema

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// DB is a seeded database that more is written to: a connection, or a pool of them.
type DB interface {
	Begin(context.Context) (pgx.Tx, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error)
}

// AddProject writes one more project, with this id and title, as an administrator
// does while the services run.
func AddProject(ctx context.Context, db DB, id int64, title string) error {
	return execute(ctx, db, "add a project", `INSERT INTO projects (id, title, description, category_id, city_id, owner_id, goal_cents)
		SELECT $1, $2, 'It is new.', (SELECT min(id) FROM categories), (SELECT min(id) FROM cities), (SELECT min(id) FROM owners), 10000`, id, title)
}

// RenameProject gives a project another title.
func RenameProject(ctx context.Context, db DB, id int64, title string) error {
	return execute(ctx, db, "rename a project", `UPDATE projects SET title = $2 WHERE id = $1`, id, title)
}

// RemoveProject removes a project, with its oracles.
func RemoveProject(ctx context.Context, db DB, id int64) error {
	return execute(ctx, db, "remove a project", `DELETE FROM projects WHERE id = $1`, id)
}

// SwitchOracles makes all oracles of a project active, or none.
func SwitchOracles(ctx context.Context, db DB, project int64, active bool) error {
	return execute(ctx, db, "switch oracles", `UPDATE oracles SET active = $2 WHERE project_id = $1`, project, active)
}

// execute changes one row or more.
func execute(ctx context.Context, db DB, what, query string, args ...any) error {
	done, err := db.Exec(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if done.RowsAffected() == 0 {
		return fmt.Errorf("%s: nothing was changed", what)
	}
	return nil
}
