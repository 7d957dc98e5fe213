package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"holdfast.dev/holdfast/fault"
)

// named are the tables as SQL wants them.
func (k *locking) named(ctx context.Context) ([]string, error) {
	if tables := k.Tables(); tables != nil {
		for i, table := range tables {
			tables[i] = pgx.Identifier(strings.Split(table, ".")).Sanitize()
		}
		return tables, nil
	}
	rows, err := k.monitor.Query(ctx, `
		select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1`)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(tables) == 0 {
		err = errors.New("there is no table to lock")
	}
	return tables, err
}

// locking is a [fault.LockTable] in force.
type locking struct {
	fault.LockTable
	sessions *Sessions
	holder   *pgx.Conn // holds the lock
	backend  backend   // of holder
	tables   []string  // quoted
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
	if k.tables, err = k.named(ctx); err != nil {
		return err
	}
	if err := k.take(ctx); err != nil {
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

// firstPatience is for how long each of several tables is waited for at first.
const firstPatience = 30 * time.Millisecond

// take takes the lock of all tables, in one transaction. Of several it is asked for again
// and again: who has one of them and wants another that we have already waits for us as we
// wait for him, and neither would come on before the server looks for such circles, which
// is after a second by default. The table that was not had is the first of the next time,
// since who wants it first as well makes no circle: so we come to the order in which the
// target's own statements take them. Patience doubles, for statements that are just slow.
func (k *locking) take(ctx context.Context) error {
	patience := time.Duration(0) // of one table there is no circle: for as long as it takes
	if len(k.tables) > 1 {
		patience = firstPatience
	}
	order := slices.Clone(k.tables)
	for ; ; patience *= 2 {
		had, err := k.ask(ctx, order, patience)
		refused, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || refused.Code != lockTimedOut && refused.Code != deadlocked {
			return err
		}
		if _, err := k.holder.Exec(ctx, "rollback"); err != nil {
			return err
		}
		table := order[had]
		order = slices.Insert(slices.Delete(order, had, had+1), 0, table)
	}
}

// What Postgres says of a lock that was not had.
const (
	lockTimedOut = "55P03"
	deadlocked   = "40P01"
)

// ask asks once for each table in that order, and waits for each for so long; 0: for ever.
// It says how many of them it had.
func (k *locking) ask(ctx context.Context, order []string, patience time.Duration) (had int, err error) {
	begin := fmt.Sprintf("begin; set local lock_timeout = %d", patience.Milliseconds())
	if _, err := k.holder.Exec(ctx, begin); err != nil {
		return 0, err
	}
	for i, table := range order {
		if _, err := k.holder.Exec(ctx, "lock table "+table+" in access exclusive mode"); err != nil {
			return i, err
		}
	}
	return len(order), nil
}

// granted reads whether our backend holds the lock of each table.
func (k *locking) granted(ctx context.Context) (bool, error) {
	n, err := k.holds(ctx)
	return n > 0 && n >= len(k.tables), err
}

// holds reads of how many of the tables our backend holds the lock.
func (k *locking) holds(ctx context.Context) (n int, err error) {
	err = k.monitor.QueryRow(ctx, `
		select count(distinct l.relation) from pg_locks l join pg_stat_activity a using (pid)
		where l.pid = $1 and a.backend_start = $2 and l.granted and l.mode = 'AccessExclusiveLock'
		  and l.relation in (select to_regclass(t) from unnest($3::text[]) t)
		  and l.database = (select oid from pg_database where datname = current_database())`,
		int64(k.backend.pid), k.backend.started, k.tables).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("read locks: %w", err)
	}
	return n, nil
}
