package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast.dev/holdfast/fault"
)

const (
	// watchEvery is how often a locked table is looked at for those who wait.
	watchEvery = 50 * time.Millisecond
	// lookTimeout bounds one look.
	lookTimeout = 5 * time.Second
)

// lockTable carries out [fault.LockTable].
func lockTable(ctx context.Context, s *Sessions, l fault.LockTable) (Applied, error) {
	monitor, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	holder, err := s.connect(ctx)
	if err != nil {
		closeConn(ctx, monitor)
		return nil, err
	}
	k := &locking{
		LockTable: l, sessions: s, monitor: monitor, holder: holder,
		quit: make(chan struct{}), watched: make(chan struct{}), waited: map[waiter]struct{}{},
	}
	if err := k.lock(ctx); err != nil {
		close(k.watched) // there is nothing to watch
		return k, fmt.Errorf("lock table %s: %w", l.Table, err)
	}
	go func() {
		defer close(k.watched)
		k.watch(context.WithoutCancel(ctx))
	}()
	return k, nil
}

// watch counts who waits for the lock, until told to quit. It is not cut short
// in the middle of a look, since that would cost the monitoring session.
func (k *locking) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if err := k.look(ctx); err != nil {
			k.mu.Lock()
			k.err = err
			k.mu.Unlock()
			return
		}
		select {
		case <-tick.C:
		case <-k.quit:
			return
		}
	}
}

func (k *locking) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	rows, err := k.monitor.Query(ctx, `
		select a.pid, a.query_start from pg_locks l join pg_stat_activity a using (pid)
		where not l.granted and l.relation in (select to_regclass(t) from unnest($1::text[]) t) and a.query_start is not null
		  and l.database = (select oid from pg_database where datname = current_database())
		  and $2::int = any (pg_blocking_pids(l.pid))`, k.tables, int64(k.backend.pid))
	if err != nil {
		return fmt.Errorf("look who waits for the lock: %w", err)
	}
	var w waiter
	if _, err := pgx.ForEachRow(rows, []any{&w.pid, &w.query}, func() error {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.waited[w] = struct{}{}
		return nil
	}); err != nil {
		return fmt.Errorf("look who waits for the lock: %w", err)
	}
	return nil
}

// Undo implements [Applied].
func (k *locking) Undo(ctx context.Context) error {
	k.undoing.Lock()
	defer k.undoing.Unlock()
	if k.undone {
		return nil
	}
	if !k.leaving {
		k.leaving = true
		close(k.quit)
	}
	select {
	case <-k.watched:
	case <-ctx.Done():
		return fmt.Errorf("undo %q: wait for the watching session: %w", k.LockTable, ctx.Err())
	}
	if err := k.unlock(ctx); err != nil {
		return fmt.Errorf("undo %q: %w", k.LockTable, err)
	}
	closeConn(ctx, k.monitor)
	k.undone = true
	return nil
}

// unlock gives the lock back and reads back that it and its session are gone.
func (k *locking) unlock(ctx context.Context) error {
	if k.monitor.IsClosed() {
		monitor, err := k.sessions.connect(ctx)
		if err != nil {
			return err
		}
		k.monitor = monitor
	}
	held, err := k.granted(ctx)
	if err != nil {
		return err
	}
	k.mu.Lock()
	if !k.since.IsZero() && k.until.IsZero() && !held {
		k.err = errors.Join(k.err, errors.New("the lock was lost before the end"))
	}
	k.mu.Unlock()
	// A session cut off while it waits for the lock would go on waiting, and
	// everyone behind it, too: so it is not only closed but terminated.
	closeConn(ctx, k.holder)
	if _, err := k.monitor.Exec(ctx, `
		select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2`,
		int64(k.backend.pid), k.backend.started); err != nil {
		return fmt.Errorf("terminate the locking session: %w", err)
	}
	if err := awaitGone(ctx, k.monitor, []backend{k.backend}); err != nil {
		return err
	}
	left, err := k.holds(ctx)
	if err != nil {
		return err
	}
	if left > 0 {
		return errors.New("the lock is still in pg_locks")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.until = time.Now()
	return nil
}

// Receipt implements [Applied].
func (k *locking) Receipt() fault.Receipt {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := int64(len(k.waited))
	pids := map[uint32]struct{}{}
	for w := range k.waited {
		pids[w.pid] = struct{}{}
	}
	r := fault.Receipt{
		Fired: n, Touched: int64(len(pids)),
		Declared: "table " + strings.ReplaceAll(k.Table, ",", " and table ") + " is locked against everything",
		Err:      k.err,
	}
	if !k.since.IsZero() {
		until := k.until
		if until.IsZero() {
			until = time.Now()
		}
		r.Measured = fmt.Sprintf("locked for %.2f s, %d statements of %d sessions were seen to wait", until.Sub(k.since).Seconds(), n, len(pids))
	}
	return r
}
