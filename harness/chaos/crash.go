package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
)

// Server is a database server that may be killed, since nobody else uses it.
type Server interface {
	// Kill ends all of its processes at once and returns how many there were.
	Kill(context.Context) (processes int, err error)
	// Restart starts it again at the same address and returns once it answers.
	Restart(context.Context) error
}

// ErrNotOurs is what [Sessions] answer where the server may not be killed.
var ErrNotOurs = errors.New("the database server is not one that may be killed")

// crash carries out [fault.Crash].
func crash(ctx context.Context, s *Sessions, _ fault.Crash) (Applied, error) {
	if s.server == nil {
		return nil, ErrNotOurs
	}
	c := &crashed{sessions: s, since: time.Now()}
	n, err := s.server.Kill(ctx)
	c.processes = n
	if err != nil {
		return c, err
	}
	c.gone = time.Since(c.since)
	conn, err := s.connect(ctx)
	if err == nil {
		closeConn(ctx, conn)
		return c, errors.New("it still answers")
	}
	return c, nil
}

// crashed is a [fault.Crash] in force.
type crashed struct {
	sessions *Sessions

	mu        sync.Mutex // guards all below
	processes int
	since     time.Time
	gone      time.Duration // until no process was left
	down      time.Duration // until it was started again
	recovered time.Duration // from then until it answered
	undone    bool
}

// Undo implements [Applied].
func (c *crashed) Undo(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.undone {
		return nil
	}
	if c.down == 0 {
		c.down = time.Since(c.since)
	}
	began := time.Now()
	if err := c.sessions.server.Restart(ctx); err != nil {
		return fmt.Errorf("start the database server again: %w", err)
	}
	conn, err := c.sessions.connect(ctx)
	if err != nil {
		return fmt.Errorf("the database server was started again: %w", err)
	}
	closeConn(ctx, conn)
	c.recovered, c.undone = time.Since(began), true
	return nil
}

// Receipt implements [Applied].
func (c *crashed) Receipt() fault.Receipt {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := fault.Receipt{
		Fired: int64(c.processes), Touched: int64(c.processes),
		Declared: "every process of the database server is killed",
		Measured: fmt.Sprintf("%d processes gone after %.1f ms", c.processes, float64(c.gone.Microseconds())/1000),
	}
	if c.undone {
		r.Measured += fmt.Sprintf(", started again after %.2f s, answered %.2f s later", c.down.Seconds(), c.recovered.Seconds())
	}
	return r
}
