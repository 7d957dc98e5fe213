package http1

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// MaxDials bounds how many connections are being opened at once. A request for which
// there is none takes the next that is free or new; so after a hiccup the client gets
// on with the connections that it has, where opening one for each request that waits
// (five times the work of a request) would keep it behind.
const MaxDials = 32

// Dial opens a connection.
type Dial func(ctx context.Context) (net.Conn, error)

// Client asks one address, over as many connections as there are requests at once. A
// request takes the connection that was used last.
type Client struct {
	life   context.Context
	cancel context.CancelFunc
	dial   Dial
	dials  sync.WaitGroup

	mu      sync.Mutex // guards all below
	closed  bool
	opening int // how many calls of open there are
	idle    []*conn
	all     map[*conn]struct{} // open, idle or not
	waiting []waiter           // the longest first
}

// waiter is a request that waits for a connection.
type waiter struct {
	deadline time.Time
	next     chan opened // has room for one
}

// opened is a connection, or why there is none.
type opened struct {
	conn *conn
	err  error
}

// New returns a client that opens connections by dial. It is to be closed; when life
// ends, it gives up what is in flight.
func New(life context.Context, dial Dial) *Client {
	c := &Client{dial: dial, all: make(map[*conn]struct{})}
	c.life, c.cancel = context.WithCancel(life)
	context.AfterFunc(c.life, c.giveUp)
	return c
}

// Close gives up what is in flight, closes all connections, and returns when no
// goroutine of the client is left. It may be called more than once.
func (c *Client) Close() {
	c.cancel()
	c.giveUp()
	c.dials.Wait()
}

// giveUp ends all waiting, and closes all that is not in use.
func (c *Client) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for one := range c.all {
		_ = one.tcp.SetDeadline(time.Unix(1, 0))
	}
	for _, one := range c.idle {
		c.forget(one)
	}
	for _, w := range c.waiting {
		w.next <- opened{err: context.Canceled}
	}
	c.idle, c.waiting = nil, nil
}

// Do writes a request, which is a whole message, and reads its answer into a, all by
// the deadline. The error is that of the system, [context.DeadlineExceeded],
// [context.Canceled] where the client was closed, [io.EOF] or [io.ErrUnexpectedEOF]
// where the connection ended before the answer was whole, [ErrTooLarge], or what
// net/http says of an answer that is none.
func (c *Client) Do(request []byte, deadline time.Time, a *Answer) error {
	err := c.do(request, deadline, a)
	switch {
	case err == nil || !errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case c.isClosed():
		return context.Canceled
	}
	return context.DeadlineExceeded
}

func (c *Client) do(request []byte, deadline time.Time, a *Answer) error {
	for {
		one, err := c.take(deadline)
		if err != nil {
			return err
		}
		again, err := one.exchange(request, deadline, a, c.isClosed)
		if again {
			c.give(one)
		} else {
			c.drop(one)
		}
		if err != errStale {
			return err
		}
	}
}

func (c *Client) isClosed() bool { return c.life.Err() != nil }

// take returns a connection that is open as far as was heard.
func (c *Client) take(deadline time.Time) (*conn, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, context.Canceled
	}
	if n := len(c.idle); n > 0 {
		one := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		return one, nil
	}
	w := waiter{deadline: deadline, next: make(chan opened, 1)}
	c.waiting = append(c.waiting, w)
	if c.opening < min(len(c.waiting), MaxDials) {
		c.opening++
		c.dials.Go(c.open)
	}
	c.mu.Unlock()

	patience := time.NewTimer(time.Until(deadline))
	defer patience.Stop()
	select {
	case o := <-w.next:
		return o.conn, o.err
	case <-patience.C:
		c.leave(w)
		return nil, context.DeadlineExceeded
	}
}

// leave ends the wait for a connection. One that came meanwhile is kept.
func (c *Client) leave(w waiter) {
	c.mu.Lock()
	c.waiting = slices.DeleteFunc(c.waiting, func(other waiter) bool { return other.next == w.next })
	c.mu.Unlock()
	select {
	case o := <-w.next:
		if o.conn != nil {
			c.give(o.conn)
		}
	default:
	}
}

// open opens connections as long as somebody waits for one for whom no other call of it
// does, or finds out why there is none.
func (c *Client) open() {
	for {
		until, waited := c.awaited()
		if !waited {
			return
		}
		one, err := c.connect(until)
		switch {
		case err == nil:
			c.give(one)
		case !errors.Is(err, context.DeadlineExceeded): // whose time is over leaves by himself
			c.fail(err)
		}
	}
}

// awaited is until when somebody waits for a connection. Where there are fewer of them
// than calls of open, one of these is over.
func (c *Client) awaited() (until time.Time, waited bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) > 0 && time.Until(c.waiting[0].deadline) <= 0 {
		c.serve(opened{err: context.DeadlineExceeded})
	}
	if len(c.waiting) < c.opening {
		c.opening--
		return until, false
	}
	for _, w := range c.waiting {
		if w.deadline.After(until) {
			until = w.deadline
		}
	}
	return until, true
}

// serve answers the request that waits the longest. The caller holds the lock.
func (c *Client) serve(o opened) {
	c.waiting[0].next <- o
	c.waiting = c.waiting[1:]
}

// connect opens a connection. The error is [context.DeadlineExceeded] where there was
// no time for it.
func (c *Client) connect(deadline time.Time) (*conn, error) {
	ctx, cancel := context.WithDeadline(c.life, deadline)
	defer cancel()
	tcp, err := c.dial(ctx)
	if err != nil {
		if c.life.Err() == nil && (ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded)) {
			return nil, context.DeadlineExceeded
		}
		return nil, err
	}
	one, err := newConn(tcp)
	if err != nil {
		_ = tcp.Close()
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[one] = struct{}{}
	return one, nil
}

// fail tells whoever waits the longest why there is no connection.
func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) > 0 {
		c.serve(opened{err: err})
	}
}

// give passes a connection on, or keeps it for later.
func (c *Client) give(one *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		c.forget(one)
	case len(c.waiting) > 0:
		c.serve(opened{conn: one})
	default:
		c.idle = append(c.idle, one)
	}
}

func (c *Client) drop(one *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(one)
}

// forget closes a connection. The caller holds the lock.
func (c *Client) forget(one *conn) {
	delete(c.all, one)
	_ = one.tcp.Close()
}
