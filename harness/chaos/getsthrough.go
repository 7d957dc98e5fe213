package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// throughPause is between two looks at whether a connection has got through.
const throughPause = 2 * time.Millisecond

// getsThrough opens a connection to the proxy and waits until it stands on both
// sides: what can be told of any protocol without speaking it.
func (p *Proxy) getsThrough(ctx context.Context, addr string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	ours := conn.LocalAddr().String()
	tick := time.NewTicker(throughPause)
	defer tick.Stop()
	for seen := false; ; {
		through, there := p.linkOf(ours)
		switch {
		case through:
			return nil
		case seen && !there:
			return errors.New("it was closed before the server was reached")
		}
		seen = seen || there || p.ended(conn)
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// linkOf looks for the link of the client at that address, and whether it stands on
// both sides.
func (p *Proxy) linkOf(client string) (through, there bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		if l.client.RemoteAddr().String() == client {
			return l.through(), true
		}
	}
	return false, false
}

// through reports whether the link has reached the server.
func (l *link) through() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.server != nil && !l.over
}

// ended reports whether the other end of a connection has gone. It waits for no
// longer than a look takes.
func (p *Proxy) ended(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(throughPause))
	_, err := conn.Read(make([]byte, 1))
	var late net.Error
	return err != nil && !(errors.As(err, &late) && late.Timeout())
}
