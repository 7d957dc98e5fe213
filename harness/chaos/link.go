package chaos

import (
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/fault"
)

// link is one connection of a client through the proxy to the server.
type link struct {
	id       uint64
	proxy    *Proxy
	client   *net.TCPConn
	accepted time.Time
	ended    chan struct{} // closed when the link is at its end
	cutting  atomic.Bool   // both ends were told of the end; what still comes is thrown away
	talk     conversation

	mu     sync.Mutex // guards server, over and shapes
	server *net.TCPConn
	over   bool
	shapes map[shaped]Shape // as far as they have begun; nil: a stream is left alone
}

// serve carries the link from its acceptance to its end.
func (l *link) serve() {
	defer l.end(false)
	l.begin(l.proxy.settings.Load().shapers())
	if !l.greet() {
		return
	}
	server, err := l.proxy.dial()
	if err != nil {
		// The nearest to a server that is not there, once the connection stands.
		l.proxy.upstreamErrors.Add(1)
		l.end(true)
		return
	}
	if !l.attach(server) {
		return
	}
	up := &flow{link: l, dir: fault.Up, from: l.client, to: server, total: &l.proxy.bytesUp}
	down := &flow{link: l, dir: fault.Down, from: server, to: l.client, total: &l.proxy.bytesDown}
	var flows sync.WaitGroup
	flows.Go(up.run)
	flows.Go(down.run)
	flows.Wait()
}

// greet lets the faults act on the new connection; it reports whether it lives.
func (l *link) greet() bool {
	for {
		s := l.proxy.settings.Load()
		var latest time.Time
		for _, g := range s.greeters {
			reset, at := g.greet(l)
			if reset {
				l.end(true)
				return false
			}
			if at.After(latest) {
				latest = at
			}
		}
		if !l.wait(latest, true, s.changed) {
			return false
		}
		if l.proxy.settings.Load() == s {
			return true
		}
	}
}

// wait returns true at the time at, or when changed is closed; false when the
// link ends. Where ever is false there is no such time.
func (l *link) wait(at time.Time, ever bool, changed <-chan struct{}) bool {
	var due <-chan time.Time
	if ever {
		left := time.Until(at)
		if left <= 0 {
			return true
		}
		timer := time.NewTimer(left)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
		return true
	case <-changed:
		return true
	case <-l.ended:
		return false
	}
}

// attach makes server the link's other half, unless the link is at its end.
func (l *link) attach(server *net.TCPConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		_ = server.Close()
		return false
	}
	l.server = server
	return true
}

// end closes both halves, at once and with a reset if so asked; otherwise what
// was written is still delivered. Only the first call acts; it reports whether
// this was it.
func (l *link) end(reset bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return false
	}
	l.over = true
	close(l.ended)
	for _, half := range []*net.TCPConn{l.client, l.server} {
		if half == nil {
			continue
		}
		if reset {
			_ = half.SetLinger(0) // closing then sends RST
		}
		_ = half.Close() // a half that is gone already is as closed as can be
	}
	return true
}

// cut tells both ends that the connection is over, in order, after what was
// written so far; what they still send is thrown away.
func (l *link) cut() {
	l.cutting.Store(true)
	_ = l.client.CloseWrite()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server != nil {
		_ = l.server.CloseWrite()
	}
}

// cancelRequest is the code in the first message of a connection that asks the
// server to cancel another connection's query.
const cancelRequest = 80877102

// cancelLost counts a CancelRequest and reports whether it is swallowed; the
// link then ends in order, as it does when the server has taken the request.
// It goes by what the first read gave: a request is 16 bytes, sent as one.
func (l *link) cancelLost(first []byte) bool {
	if l.proxy.cfg.Protocol != Postgres || len(first) < 8 || binary.BigEndian.Uint32(first[4:]) != cancelRequest {
		return false
	}
	l.proxy.cancelRequests.Add(1)
	for _, c := range l.proxy.settings.Load().cancelers {
		if c.swallow(l) {
			l.end(false)
			return true
		}
	}
	return false
}
