package schema

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Adapters of an [Oracle]: how its answers are read. Package oracle of the
// reference says what each expects.
const (
	AdapterV1     = "v1"
	AdapterLegacy = "legacy"
)

// Oracle is an outside service that is asked for the impact of a project.
type Oracle struct {
	// Project is whose it is.
	Project int64
	// Name is unique among the oracles of a project.
	Name string
	// URL is where it is asked; the project's id is added to it as ?project=7.
	URL string
	// Adapter is [AdapterV1] or [AdapterLegacy]. Defaults to v1.
	Adapter string
	// Active oracles are asked; others are left alone.
	Active bool
	// Position is where it stands among the oracles of its project; those of the
	// same position come in the order in which they were added.
	Position int
}

// AddOracles gives a project oracles, in this order, see [AddAllOracles].
func AddOracles(ctx context.Context, db DB, project int64, oracles []Oracle) error {
	own := slices.Clone(oracles)
	for i := range own {
		own[i].Project = project
	}
	if err := AddAllOracles(ctx, db, own); err != nil {
		return fmt.Errorf("project %d: %w", project, err)
	}
	return nil
}

// AddAllOracles adds oracles of any projects, in this order, and gathers statistics
// of them, as a database in use has them. It fails as a whole: for a project that
// does not exist, a name that is there already, or an unknown adapter.
func AddAllOracles(ctx context.Context, db DB, oracles []Oracle) error {
	columns := []string{"project_id", "name", "url", "adapter", "active", "position"}
	if _, err := db.CopyFrom(ctx, pgx.Identifier{"oracles"}, columns, pgx.CopyFromSlice(len(oracles), func(i int) ([]any, error) {
		o := oracles[i]
		return []any{o.Project, o.Name, o.URL, cmp.Or(o.Adapter, AdapterV1), o.Active, o.Position}, nil
	})); err != nil {
		return fmt.Errorf("add oracles: %w", err)
	}
	if _, err := db.Exec(ctx, "VACUUM (ANALYZE) oracles"); err != nil {
		return fmt.Errorf("add oracles: gather statistics: %w", err)
	}
	return nil
}

// ActiveOracles counts the oracles of a project that are asked.
func ActiveOracles(ctx context.Context, db DB, project int64) (n int, err error) {
	err = db.QueryRow(ctx, "SELECT count(*) FROM oracles WHERE project_id = $1 AND active", project).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count oracles of project %d: %w", project, err)
	}
	return n, nil
}
