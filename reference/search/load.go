package search

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// load returns the projects with these ids, each once. The query gives one row
// for each project and tag; the duplicates are removed here. In stable order
// they are newest first, otherwise in any.
func load(ctx context.Context, tx pgx.Tx, ids []int64, stableOrder bool) ([]foundProject, error) {
	rows, err := tx.Query(ctx, `
		SELECT p.id, p.title, p.description, c.name, y.name, o.name, p.status,
		       p.goal_cents, p.raised_cents, p.created_at, t.name
		FROM projects p
		JOIN categories c ON c.id = p.category_id
		JOIN cities y ON y.id = p.city_id
		JOIN owners o ON o.id = p.owner_id
		LEFT JOIN project_tags pt ON pt.project_id = p.id
		LEFT JOIN tags t ON t.id = pt.tag_id
		WHERE p.id = ANY ($1::bigint[])`, ids)
	if err != nil {
		return nil, fmt.Errorf("load projects: %w", err)
	}
	type row struct {
		foundProject
		tag *string
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (row, error) {
		var x row
		err := r.Scan(&x.ID, &x.Title, &x.Description, &x.Category, &x.City, &x.Owner, &x.Status,
			&x.GoalCents, &x.RaisedCents, &x.CreatedAt, &x.tag)
		return x, err
	})
	if err != nil {
		return nil, fmt.Errorf("load projects: %w", err)
	}
	byID := make(map[int64]foundProject, len(ids))
	for _, x := range all {
		project, known := byID[x.ID]
		if !known {
			project = x.foundProject
			project.Tags = []string{}
		}
		if x.tag != nil {
			project.Tags = append(project.Tags, *x.tag)
		}
		byID[x.ID] = project
	}
	projects := slices.Collect(maps.Values(byID))
	for _, p := range projects {
		slices.Sort(p.Tags)
	}
	if stableOrder {
		slices.SortFunc(projects, func(a, b foundProject) int { return int(b.ID - a.ID) })
	}
	return projects, nil
}
