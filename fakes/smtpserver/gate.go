package smtpserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"holdfast.dev/holdfast/fakes/httpfault"
)

// refuseEvery is how often a gate looks whether it should be shut.
const refuseEvery = 5 * time.Millisecond

// gate is a listener that can be shut and opened again, and that keeps back the
// connections which a fault holds.
type gate struct {
	server *Server
	addr   *net.TCPAddr
	pass   chan net.Conn

	mu    sync.Mutex
	inner *net.TCPListener // nil while shut
	conns map[*wire]struct{}
}

func newGate(s *Server, address string) (*gate, error) {
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
	return &gate{server: s, addr: addr, inner: inner, pass: make(chan net.Conn), conns: map[*wire]struct{}{}}, nil
}

// Accept returns the next connection that no fault holds back.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case c := <-g.pass:
		return c, nil
	case <-g.server.ctx.Done():
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

func (g *gate) listener() *net.TCPListener {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inner
}

// run takes connections in until the server closes.
func (g *gate) run() {
	ctx := g.server.ctx
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
		case !errors.Is(err, net.ErrClosed): // too many files open: it passes
			pause(ctx, refuseEvery)
		}
	}
}

// welcome hands a connection on, or keeps it back as long as a fault says.
func (g *gate) welcome(tcp *net.TCPConn) {
	s := g.server
	w := newWire(s, tcp)
	if !g.remember(w) {
		w.abort()
		return
	}
	plan := s.faults.Greet(uint64(w.id), g.addr.String())
	if plan.Greeting() != httpfault.Hold {
		plan.Done()
		g.handOn(w)
		return
	}
	s.work.Go(func() {
		err := plan.Held(s.ctx)
		plan.Done()
		if err != nil {
			_ = w.Close()
			return
		}
		g.handOn(w)
	})
}

func (g *gate) handOn(w *wire) {
	select {
	case g.pass <- w:
	case <-g.server.ctx.Done():
		_ = w.Close()
	}
}

func (g *gate) remember(w *wire) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.conns) >= g.server.config.MaxConns {
		return false
	}
	g.conns[w] = struct{}{}
	return true
}

func (g *gate) forget(w *wire) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, w)
}

// each calls f for every connection and returns how many there were.
func (g *gate) each(f func(*wire)) int {
	g.mu.Lock()
	conns := make([]*wire, 0, len(g.conns))
	for w := range g.conns {
		conns = append(conns, w)
	}
	g.mu.Unlock()
	for _, w := range conns {
		f(w)
	}
	return len(conns)
}

// watchRefusal shuts and opens the gate as the faults say.
func (g *gate) watchRefusal() {
	tick := time.NewTicker(refuseEvery)
	defer tick.Stop()
	hasCut := false
	for {
		select {
		case <-g.server.ctx.Done():
			return
		case <-tick.C:
		}
		refusing, cut := g.server.faults.Refusing()
		open := g.listener() != nil
		switch {
		case refusing && (open || cut && !hasCut):
			touched := 0
			_ = g.Close()
			if cut {
				touched, hasCut = g.each((*wire).abort), true
			}
			g.server.faults.Touched(max(1, touched))
		case !refusing && !open:
			hasCut = false
			if err := g.reopen(); err != nil {
				g.server.config.Log("warning: " + err.Error())
			}
		}
	}
}

// reopen listens again on the same address.
func (g *gate) reopen() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inner != nil || g.server.ctx.Err() != nil {
		return nil
	}
	inner, err := net.ListenTCP("tcp", g.addr)
	if err != nil {
		return fmt.Errorf("listen again on %s: %w", g.addr, err)
	}
	g.inner = inner
	return nil
}

// awaitOpen waits until the address is as the faults say.
func (g *gate) awaitOpen(ctx context.Context) error {
	for g.server.ctx.Err() == nil {
		refusing, _ := g.server.faults.Refusing()
		if refusing == (g.listener() == nil) {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("open the address again: %w", context.Cause(ctx))
		}
		pause(ctx, refuseEvery)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
