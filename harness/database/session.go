package database

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"holdfast.dev/holdfast/harness/database/internal/address"

	"github.com/jackc/pgx/v5"
)

const (
	lockPatience = 10 * time.Second
	// watchEvery is how often a session looks whether its locks are still held.
	watchEvery = 250 * time.Millisecond
	// sweepGrace is how long whoever sweeps leaves a living session to take its locks
	// again before it believes that it is dead.
	sweepGrace = 4 * watchEvery
)

// session is how others know that this run lives and what it uses: advisory
// locks that the server drops with our connection. One lock stands for the
// session itself, one for each template that it uses. All are shared locks, so
// that they never wait for one another. The connection is watched, and where it
// ended (a failover, somebody who ends idle sessions) the locks are taken anew.
//
// Calls on the connection are short and run to their end even if the caller's
// context ends, since a cancelled call costs the connection and so the locks.
type session struct {
	token string
	admin address.Address

	turn sync.Mutex // guards all below; held for one short call
	conn *pgx.Conn
	keys []int64

	unwatch context.CancelFunc
	watched chan struct{} // closed once nobody watches any more
}

// openSession takes the lock of a new session of that run on conn, which it
// owns from then on.
func openSession(ctx context.Context, admin address.Address, conn *pgx.Conn, run string) (*session, error) {
	s := &session{token: token(run, rand.Text()), admin: admin, conn: conn}
	s.keys = []int64{lockKey(cloneKind, s.token)}
	if err := s.relock(ctx); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	ctx, s.unwatch = context.WithCancel(context.WithoutCancel(ctx))
	s.watched = make(chan struct{})
	go s.watch(ctx)
	return s, nil
}

// watch keeps the locks until ctx is over. A server that is down is asked again.
func (s *session) watch(ctx context.Context) {
	defer close(s.watched)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = s.ensure(ctx) // whoever needs the locks is told
		}
	}
}

// ensure sees that the session's locks are held, and takes them anew where the
// connection was lost, as when a fault ended every session of the server.
func (s *session) ensure(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockPatience)
	defer cancel()
	s.turn.Lock()
	defer s.turn.Unlock()
	return s.ensureLocked(ctx)
}

func (s *session) ensureLocked(ctx context.Context) error {
	if err := s.conn.Ping(ctx); err == nil {
		return nil
	}
	_ = s.conn.Close(ctx)
	conn, err := connect(ctx, s.admin)
	if err != nil {
		return err
	}
	s.conn = conn
	return s.relock(ctx)
}

func (s *session) relock(ctx context.Context) error {
	for _, key := range s.keys {
		if _, err := s.conn.Exec(ctx, "SELECT pg_advisory_lock_shared($1)", key); err != nil {
			return fmt.Errorf("lock the session: %w", err)
		}
	}
	return nil
}

// tryHold takes the lock of a template that is going to be used, once. It reports
// false where somebody removes that template just now.
func (s *session) tryHold(ctx context.Context, key int64) (held bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockPatience)
	defer cancel()
	s.turn.Lock()
	defer s.turn.Unlock()
	if err := s.ensureLocked(ctx); err != nil {
		return false, err
	}
	if slices.Contains(s.keys, key) {
		return true, nil
	}
	if err := s.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock_shared($1)", key).Scan(&held); err != nil {
		return false, fmt.Errorf("lock a template: %w", err)
	}
	if held {
		s.keys = append(s.keys, key)
	}
	return held, nil
}

// letGo gives back what tryHold took.
func (s *session) letGo(ctx context.Context, key int64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockPatience)
	defer cancel()
	s.turn.Lock()
	defer s.turn.Unlock()
	i := slices.Index(s.keys, key)
	if i < 0 {
		return nil
	}
	s.keys = slices.Delete(s.keys, i, i+1)
	if _, err := s.conn.Exec(ctx, "SELECT pg_advisory_unlock_shared($1)", key); err != nil {
		return fmt.Errorf("unlock a template: %w", err)
	}
	return nil
}

func (s *session) close(ctx context.Context) {
	s.unwatch()
	<-s.watched
	s.turn.Lock()
	defer s.turn.Unlock()
	_ = s.conn.Close(ctx)
}

// heldKeys returns the advisory locks that anyone holds, in any database of the
// server.
func heldKeys(ctx context.Context, conn *pgx.Conn) (map[int64]bool, error) {
	rows, err := conn.Query(ctx, `
		SELECT (classid::bigint << 32) | objid::bigint
		  FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted`)
	if err != nil {
		return nil, fmt.Errorf("ask who lives: %w", err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("ask who lives: %w", err)
	}
	held := map[int64]bool{}
	for _, key := range keys {
		held[key] = true
	}
	return held, nil
}
