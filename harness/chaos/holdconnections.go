package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"holdfast.dev/holdfast/fault"
)

// tooManyConnections is the SQLSTATE of a server with no connection left.
const tooManyConnections = "53300"

// opening is how many sessions are opened at once.
const opening = 8

// holdConnections carries out [fault.HoldConnections].
func holdConnections(ctx context.Context, s *Sessions, h fault.HoldConnections) (Applied, error) {
	// The session that looks comes first: later there may be none left for it.
	monitor, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	held := &holding{HoldConnections: h, monitor: monitor}
	if err := held.fill(ctx, s); err != nil {
		return held, err
	}
	held.backends, err = backendsOf(ctx, monitor, held.conns)
	return held, err
}

// fill opens the sessions, a few at a time, until there are enough or the
// server has no more.
func (h *holding) fill(ctx context.Context, s *Sessions) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(opening)
	for range h.N {
		work.Go(func() error {
			if h.full() {
				return nil
			}
			conn, err := open(ctx, s.held)
			h.mu.Lock()
			defer h.mu.Unlock()
			var refused *pgconn.PgError
			switch {
			case err == nil:
				h.conns = append(h.conns, conn)
			case errors.As(err, &refused) && refused.Code == tooManyConnections:
				h.exhausted = true
			default:
				return err
			}
			return nil
		})
	}
	return work.Wait()
}

// full reports whether the server has no more connections.
func (h *holding) full() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.exhausted
}

// holding is a [fault.HoldConnections] in force.
type holding struct {
	fault.HoldConnections
	backends []backend

	mu        sync.Mutex // guards all below
	monitor   *pgx.Conn
	conns     []*pgx.Conn
	exhausted bool  // the server had no more
	early     int64 // held connections that were gone before the end
	undone    bool
}

// Undo implements [Applied].
func (h *holding) Undo(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.undone {
		return nil
	}
	if len(h.conns) > 0 {
		n, err := alive(ctx, h.monitor, h.backends)
		if err == nil {
			h.early = int64(len(h.backends)) - n
		}
	}
	for _, conn := range h.conns {
		closeConn(ctx, conn)
	}
	h.conns = nil
	if err := awaitGone(ctx, h.monitor, h.backends); err != nil {
		return fmt.Errorf("undo %q: %w", h.HoldConnections, err)
	}
	closeConn(ctx, h.monitor)
	h.undone = true
	return nil
}

// Receipt implements [Applied].
func (h *holding) Receipt() fault.Receipt {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := int64(len(h.backends))
	r := fault.Receipt{
		Fired: n, Touched: n, Missed: int64(h.N) - n,
		Declared: fmt.Sprintf("%d connections held", h.N),
		Measured: fmt.Sprintf("%d connections held", n),
	}
	if h.exhausted {
		r.Measured += ", then the server had none left"
	}
	if h.early > 0 {
		r.Err = fmt.Errorf("%d held connections were lost before the end", h.early)
	}
	return r
}
