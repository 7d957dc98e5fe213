package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
)

// refuseEvery is how often a gate looks whether it should be shut.
const refuseEvery = 5 * time.Millisecond

// conn is one connection, as the host knows it.
type conn struct {
	*net.TCPConn
	id     uint32
	served atomic.Int64 // requests
	closed sync.Once
	gate   *gate
}

// Close closes the connection and gives its place free.
func (c *conn) Close() error {
	err := c.TCPConn.Close()
	c.closed.Do(func() { c.gate.forget(c) })
	return err
}

// reset closes the connection by a TCP reset.
func (c *conn) reset() {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// gate is a listener that can be shut and opened again, and that keeps back the
// connections which a fault holds. It is the net.Listener of an http.Server.
type gate struct {
	host *Host
	addr *net.TCPAddr
	pass chan net.Conn // to the HTTP server

	mu    sync.Mutex
	inner *net.TCPListener // nil while shut
	cut   bool             // since it is shut, open connections were reset
	conns map[*conn]struct{}
}

func newGate(h *Host, address string) (*gate, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	inner, ok := l.(*net.TCPListener)
	if !ok {
		_ = l.Close()
		return nil, fmt.Errorf("listen on %s: not TCP", address)
	}
	addr, _ := inner.Addr().(*net.TCPAddr)
	return &gate{host: h, addr: addr, inner: inner, pass: make(chan net.Conn), conns: map[*conn]struct{}{}}, nil
}

// Accept returns the next connection that no fault holds back.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case c := <-g.pass:
		return c, nil
	case <-g.host.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Addr is the address that clients dial.
func (g *gate) Addr() net.Addr { return g.addr }

// Close stops listening. Connections stay.
func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inner == nil {
		return nil
	}
	err := g.inner.Close()
	g.inner = nil
	return err
}

// run takes connections in until the host closes.
func (g *gate) run() {
	ctx := g.host.ctx
	for ctx.Err() == nil {
		inner := g.listener()
		if inner == nil {
			pause(ctx, refuseEvery)
			continue
		}
		tcp, err := inner.AcceptTCP()
		switch {
		case err == nil:
			g.welcome(tcp)
		case errors.Is(err, net.ErrClosed):
		default: // too many files open: it passes
			pause(ctx, refuseEvery)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (g *gate) listener() *net.TCPListener {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inner
}

// welcome hands a connection on, or keeps it back, or turns it away.
func (g *gate) welcome(tcp *net.TCPConn) {
	h := g.host
	c := &conn{TCPConn: tcp, gate: g, id: h.lastConn.Add(1)}
	if !g.remember(c) {
		h.turnedAway.Add(1)
		c.reset()
		return
	}
	if g.isShutAs(true) {
		c.reset() // it came while the others were reset
		return
	}
	plan := h.faults.Greet(uint64(c.id), g.addr.String())
	if plan.Greeting() != httpfault.Hold {
		plan.Done()
		g.handOn(c)
		return
	}
	h.work.Go(func() {
		err := plan.Held(h.ctx)
		plan.Done()
		if err != nil {
			_ = c.Close()
			return
		}
		g.handOn(c)
	})
}

func (g *gate) handOn(c *conn) {
	var speaks net.Conn = c
	if g.host.config.Certificate != nil {
		speaks = &either{conn: c}
	}
	select {
	case g.pass <- speaks:
	case <-g.host.ctx.Done():
		_ = c.Close()
	}
}

// remember counts the connection, unless there are too many.
func (g *gate) remember(c *conn) bool {
	if g.host.open.Add(1) > int64(g.host.config.MaxConns) {
		g.host.open.Add(-1)
		c.closed.Do(func() {})
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[c] = struct{}{}
	return true
}

func (g *gate) forget(c *conn) {
	g.host.open.Add(-1)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
}

// shut stops listening, and with cut resets all connections. It returns how many
// it reset.
func (g *gate) shut(cut bool) int {
	_ = g.Close()
	if !cut {
		return 0
	}
	g.mu.Lock()
	g.cut = true
	g.mu.Unlock()
	return g.each((*conn).reset)
}

// each calls f for every connection and returns how many there were.
func (g *gate) each(f func(*conn)) int {
	g.mu.Lock()
	conns := make([]*conn, 0, len(g.conns))
	for c := range g.conns {
		conns = append(conns, c)
	}
	g.mu.Unlock()
	for _, c := range conns {
		f(c)
	}
	return len(conns)
}

// reopen listens again on the same address.
func (g *gate) reopen() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inner != nil || g.host.ctx.Err() != nil {
		return nil
	}
	inner, err := net.ListenTCP("tcp", g.addr)
	if err != nil {
		return fmt.Errorf("listen again on %s: %w", g.addr, err)
	}
	g.inner, g.cut = inner, false
	return nil
}

// isShut says whether nobody listens.
func (g *gate) isShut() bool { return g.listener() == nil }

// isShutAs says whether nobody listens and, where that is to be so, what was open
// was reset.
func (g *gate) isShutAs(cut bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inner == nil && (g.cut || !cut)
}
