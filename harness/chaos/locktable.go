package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/fault"
)

// quoted is the table as SQL wants it.
func quoted(l fault.LockTable) string { return pgx.Identifier(strings.Split(l.Table, ".")).Sanitize() }

// locking is a [fault.LockTable] in force.
type locking struct {
	fault.LockTable
	sessions *Sessions
	holder   *pgx.Conn // holds the lock
	backend  backend   // of holder
	quit     chan struct{}
	watched  chan struct{} // closed when the watching has ended; Undo waits for it

	undoing sync.Mutex // one Undo at a time; guards monitor, once watched is closed, and the rest
	monitor *pgx.Conn
	leaving bool // quit is closed
	undone  bool

	mu     sync.Mutex // guards all below
	waited map[waiter]struct{}
	since  time.Time // when the lock was seen to be granted
	until  time.Time // when it was seen to be gone
	err    error     // what went wrong meanwhile
}

// waiter is one statement that waits for the lock.
type waiter struct {
	pid   uint32
	query time.Time // when the statement began
}

// lock takes the lock and reads back that it is granted.
func (k *locking) lock(ctx context.Context) error {
	found, err := backendsOf(ctx, k.monitor, []*pgx.Conn{k.holder})
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return errors.New("the locking session is not in pg_stat_activity")
	}
	k.backend = found[0]
	if _, err := k.holder.Exec(ctx, "begin"); err != nil {
		return err
	}
	if _, err := k.holder.Exec(ctx, "lock table "+quoted(k.LockTable)+" in access exclusive mode"); err != nil {
		return err
	}
	granted, err := k.granted(ctx)
	if err != nil {
		return err
	}
	if !granted {
		return errors.New("the lock is not in pg_locks")
	}
	k.since = time.Now()
	return nil
}

// granted reads whether our backend holds the lock.
func (k *locking) granted(ctx context.Context) (bool, error) {
	var yes bool
	err := k.monitor.QueryRow(ctx, `
		select exists (select from pg_locks l join pg_stat_activity a using (pid)
			where l.pid = $1 and a.backend_start = $2 and l.granted and l.mode = 'AccessExclusiveLock'
			  and l.relation = to_regclass($3)
			  and l.database = (select oid from pg_database where datname = current_database()))`,
		int64(k.backend.pid), k.backend.started, quoted(k.LockTable)).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("read locks: %w", err)
	}
	return yes, nil
}
