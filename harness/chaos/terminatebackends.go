package chaos

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/fault"
)

// terminateBackends carries out [fault.TerminateBackends].
func terminateBackends(ctx context.Context, s *Sessions, _ fault.TerminateBackends) (Applied, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(ctx, conn)
	rows, err := conn.Query(ctx, `
		select pid, backend_start, pg_terminate_backend(pid) from pg_stat_activity
		where datname = current_database() and backend_type = 'client backend'
		  and pid <> pg_backend_pid() and application_name not like $1`, ownSessions)
	if err != nil {
		return nil, fmt.Errorf("terminate backends: %w", err)
	}
	var ended []backend
	var missed int64
	var b backend
	var sent bool
	if _, err := pgx.ForEachRow(rows, []any{&b.pid, &b.started, &sent}, func() error {
		if sent {
			ended = append(ended, b)
		} else {
			missed++ // it ended meanwhile
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("terminate backends: %w", err)
	}
	if err := awaitGone(ctx, conn, ended); err != nil {
		return nil, fmt.Errorf("terminate backends: %w", err)
	}
	n := int64(len(ended))
	return happened{fault.Receipt{
		Fired: n, Touched: n, Missed: missed,
		Declared: "every session but the harness's is terminated",
		Measured: fmt.Sprintf("%d of %d sessions terminated", n, n+missed),
	}}, nil
}
