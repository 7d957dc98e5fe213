package reference

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/scenarios/contract"
)

// noProject begins the ids of projects that do not exist.
const noProject = int64(1) << 40

// giveOwners gives each of some projects an owner of its own, with the address of its
// task.
func giveOwners(ctx context.Context, db *pgxpool.Pool, o contract.Owned) error {
	_, err := db.Exec(ctx, `WITH own AS (
			INSERT INTO owners (id, name, email)
			SELECT 1000000000 + $1 + n, 'Owner ' || n, $3 || '-' || n || '@tasks.example' FROM generate_series(0, $2::bigint - 1) AS n
			RETURNING id)
		UPDATE projects SET owner_id = own.id FROM own WHERE projects.id = own.id - 1000000000`,
		o.First, o.Count, o.Name)
	if err != nil {
		return fmt.Errorf("give projects their owners: %w", err)
	}
	return nil
}

// ownersMissing says which of some projects has no owner with the address of its task:
// there is none, or somebody else's.
func ownersMissing(ctx context.Context, db *pgxpool.Pool, o contract.Owned) error {
	var n int64
	err := db.QueryRow(ctx, `SELECT count(*) FROM projects p JOIN owners o ON o.id = p.owner_id
		WHERE p.id >= $1 AND o.email = $2 || '-' || (p.id - $1) || '@tasks.example'`, o.First, o.Name).Scan(&n)
	if err != nil {
		return fmt.Errorf("look for the projects' owners: %w", err)
	}
	if n < o.Count {
		return fmt.Errorf("%d projects have an owner of their own, and %s takes %d", n, o.Name, o.Count)
	}
	return nil
}

// readOwners reads the addresses of the owners of projects.
func readOwners(ctx context.Context, db *pgxpool.Pool, projects []int64) (map[int64]string, error) {
	owners := map[int64]string{}
	if len(projects) == 0 {
		return owners, nil
	}
	rows, err := db.Query(ctx, `SELECT p.id, o.email FROM projects p JOIN owners o ON o.id = p.owner_id WHERE p.id = ANY($1)`, projects)
	if err != nil {
		return nil, fmt.Errorf("read the projects' owners: %w", err)
	}
	var id int64
	var address string
	_, err = pgx.ForEachRow(rows, []any{&id, &address}, func() error {
		owners[id] = address
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the projects' owners: %w", err)
	}
	return owners, nil
}
