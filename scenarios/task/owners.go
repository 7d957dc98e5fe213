package task

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/load"
)

// giveOwners gives each project that a mailing is about an owner of its own,
// with the address of its task.
func giveOwners(ctx context.Context, o harness.State, mailings []mailing) error {
	conn, err := pgx.Connect(ctx, o.DSN)
	if err != nil {
		return fmt.Errorf("give projects their owners: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, m := range mailings {
		if !m.notify || m.first >= noProject {
			continue
		}
		_, err := conn.Exec(ctx, `WITH own AS (
				INSERT INTO owners (id, name, email)
				SELECT 1000000000 + $1 + n, 'Owner ' || n, $3 || '-' || n || '@tasks.example' FROM generate_series(0, $2::bigint - 1) AS n
				RETURNING id)
			UPDATE projects SET owner_id = own.id FROM own WHERE projects.id = own.id - 1000000000`,
			m.first, load.Planned(m.profile), m.name)
		if err != nil {
			return fmt.Errorf("give projects their owners: %w", err)
		}
	}
	return nil
}

// ownersMissing says which project a mailing is about has no owner with the address
// of its task: there is none, or somebody else's.
func ownersMissing(ctx context.Context, o harness.State, mailings []mailing) error {
	conn, err := pgx.Connect(ctx, o.DSN)
	if err != nil {
		return fmt.Errorf("look for the projects' owners: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, m := range mailings {
		if !m.notify || m.first >= noProject {
			continue
		}
		var n int64
		err := conn.QueryRow(ctx, `SELECT count(*) FROM projects p JOIN owners o ON o.id = p.owner_id
			WHERE p.id >= $1 AND o.email = $2 || '-' || (p.id - $1) || '@tasks.example'`, m.first, m.name).Scan(&n)
		if err != nil {
			return fmt.Errorf("look for the projects' owners: %w", err)
		}
		if planned := load.Planned(m.profile); n < planned {
			return fmt.Errorf("%d projects have an owner of their own, and %s takes %d", n, m.name, planned)
		}
	}
	return nil
}
