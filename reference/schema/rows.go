package schema

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Row is one project as a reader of the tables sees it: the raw texts, nothing
// that a search prepares of them.
type Row struct {
	ID                     int64
	Title, Description     string
	Category, City         string
	Tags                   []string // each once, in no order
	Owner, Status          string
	GoalCents, RaisedCents int64
	CreatedAt              time.Time
}

// Rows returns the function that tells the row of a project, by its id, which
// [Seed] writes from these parameters. It may be called from several goroutines.
func Rows(p Params) func(id int64) Row {
	g := newGenerator(p)
	categories, cities, tags := trimmed(categories), trimmed(cities), plain(g.tags)
	return func(id int64) Row {
		made := g.project(id)
		row := Row{
			ID: id, Title: made.title, Description: made.description, Category: categories[made.category-1], City: cities[made.city-1],
			Owner: ownerName(made.owner), Status: made.status, GoalCents: made.goal, RaisedCents: made.raised, CreatedAt: made.created,
		}
		for _, tag := range made.tags {
			row.Tags = append(row.Tags, tags[tag-1])
		}
		return row
	}
}

// ownerName is the name of the owner with this id.
func ownerName(id int64) string { return fmt.Sprintf("Owner %d", id) }

// AddProjects writes further projects into a seeded database, as any program
// would: by plain statements, so that the triggers see to what is searched.
// Categories, cities, tags and owners that are not there yet are added.
func AddProjects(ctx context.Context, db DB, rows []Row) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		for _, row := range rows {
			if err := insertProject(ctx, tx, row); err != nil {
				return fmt.Errorf("project %d: %w", row.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("add projects: %w", err)
	}
	return nil
}

func insertProject(ctx context.Context, tx pgx.Tx, row Row) error {
	var batch pgx.Batch
	for _, name := range []struct{ table, name string }{{"categories", row.Category}, {"cities", row.City}} {
		batch.Queue("INSERT INTO "+name.table+" (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", name.name)
	}
	batch.Queue("INSERT INTO owners (name, email) SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM owners WHERE name = $1)", row.Owner, row.Owner+"@example.org")
	batch.Queue(`INSERT INTO projects (id, title, description, category_id, city_id, owner_id, status, goal_cents, raised_cents, created_at)
		SELECT $1, $2, $3, c.id, y.id, (SELECT min(id) FROM owners WHERE name = $6), $7, $8, $9, $10
		FROM categories c, cities y WHERE c.name = $4 AND y.name = $5`,
		row.ID, row.Title, row.Description, row.Category, row.City, row.Owner, row.Status, row.GoalCents, row.RaisedCents, row.CreatedAt)
	for _, tag := range row.Tags {
		batch.Queue("INSERT INTO tags (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", tag)
		batch.Queue("INSERT INTO project_tags SELECT $1, id FROM tags WHERE name = $2", row.ID, tag)
	}
	return tx.SendBatch(ctx, &batch).Close()
}
