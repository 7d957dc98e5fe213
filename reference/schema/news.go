package schema

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// AddProject writes one more project, with this id and title, as an administrator
// does while the services run.
func AddProject(ctx context.Context, dsn string, id int64, title string) error {
	return execute(ctx, dsn, "add a project", `INSERT INTO projects (id, title, description, category_id, city_id, owner_id, goal_cents)
		SELECT $1, $2, 'It is new.', (SELECT min(id) FROM categories), (SELECT min(id) FROM cities), (SELECT min(id) FROM owners), 10000`, id, title)
}

// RenameProject gives a project another title.
func RenameProject(ctx context.Context, dsn string, id int64, title string) error {
	return execute(ctx, dsn, "rename a project", `UPDATE projects SET title = $2 WHERE id = $1`, id, title)
}

// RemoveProject removes a project, with its oracles.
func RemoveProject(ctx context.Context, dsn string, id int64) error {
	return execute(ctx, dsn, "remove a project", `DELETE FROM projects WHERE id = $1`, id)
}

// SwitchOracles makes all oracles of a project active, or none.
func SwitchOracles(ctx context.Context, dsn string, project int64, active bool) error {
	return execute(ctx, dsn, "switch oracles", `UPDATE oracles SET active = $2 WHERE project_id = $1`, project, active)
}

// execute changes one row or more.
func execute(ctx context.Context, dsn, what, query string, args ...any) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	done, err := conn.Exec(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if done.RowsAffected() == 0 {
		return fmt.Errorf("%s: nothing was changed", what)
	}
	return nil
}
