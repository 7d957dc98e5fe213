package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/internal/port"
)

// Defaults of [ProxyConfig].
const (
	DefaultDialTimeout    = 5 * time.Second
	DefaultMaxConnections = 10_000
)

// ErrProxyClosed is what a closed proxy answers.
var ErrProxyClosed = errors.New("the proxy is closed")

// ProxyConfig is how a [Proxy] is set up. A proxy never changes it.
type ProxyConfig struct {
	// Upstream is the server's address, host:port. It must be given.
	Upstream string
	// Listen is an address of loopback to listen at. Defaults to a free port of
	// 127.0.0.1.
	Listen netip.AddrPort
	// AllowRemote lets Listen be an address that others than this machine reach: all that
	// the server answers they are let to.
	AllowRemote bool
	// Seed is where the draws of jitter come from.
	Seed uint64
	// DialTimeout bounds connecting to the server. Defaults to [DefaultDialTimeout].
	DialTimeout time.Duration
	// MaxConnections bounds what is open at once; more are reset and counted.
	// Defaults to [DefaultMaxConnections].
	MaxConnections int
	// Protocol is what is spoken through it. Defaults to [Postgres].
	Protocol Protocol
	// Check is how the undoing of the last fault is read back: it returns nil if
	// bytes pass both ways on a new connection to addr. Defaults to [PostgresAnswers]
	// for Postgres, else to a new connection that gets through to the server.
	Check func(ctx context.Context, addr string) error
}

// Protocol is what is spoken through a [Proxy].
type Protocol int

// The protocols that a proxy tells apart.
const (
	// Postgres is followed message by message, so that a statement can be refused.
	Postgres Protocol = iota
	// TCP is any: the bytes mean nothing to the proxy.
	TCP
)

// Validate reports all that is wrong with the configuration.
func (c ProxyConfig) Validate() error {
	var errs []error
	if _, _, err := net.SplitHostPort(c.Upstream); err != nil {
		errs = append(errs, fmt.Errorf("upstream %q is not host:port", c.Upstream))
	}
	if c.Listen.IsValid() && !c.AllowRemote && !c.Listen.Addr().IsLoopback() {
		errs = append(errs, fmt.Errorf("%s can be reached from outside; a proxy listens on loopback", c.Listen))
	}
	if c.DialTimeout < 0 {
		errs = append(errs, fmt.Errorf("dial timeout %v is negative", c.DialTimeout))
	}
	if c.MaxConnections < 0 {
		errs = append(errs, fmt.Errorf("max connections %d is negative", c.MaxConnections))
	}
	return errors.Join(errs...)
}

func (c ProxyConfig) withDefaults() ProxyConfig {
	if c.DialTimeout == 0 {
		c.DialTimeout = DefaultDialTimeout
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = DefaultMaxConnections
	}
	if !c.Listen.IsValid() {
		c.Listen = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	}
	if c.Check == nil && c.Protocol == Postgres {
		c.Check = PostgresAnswers
	}
	return c
}

// Proxy is a TCP proxy before a server, of Postgres or of anything, and the [Place] of the network's
// faults. It listens on loopback alone, unless it is allowed to do otherwise. With no fault
// on it passes bytes, half-closes and resets as they come. Faults act on open connections
// and on new ones as [ProxySupport] and [TCPSupport] say; several may be on at once.
//
// Memory is bounded: per connection and direction 16 KiB, and while a fault
// holds bytes back at most 1 MiB more; then it stops reading. A delay may have 32 MiB
// under way, and all connections together 256 MiB.
type Proxy struct {
	cfg  ProxyConfig
	port *port.Reservation
	stop context.CancelFunc
	ctx  context.Context // ends with Close; connecting to the server stops with it
	wg   sync.WaitGroup  // the accepting goroutine and every link

	settings atomic.Pointer[settings]
	spare    spare // room that the queues of all links share

	change   sync.Mutex              // one fault is applied or undone at a time; guards on, shaped and readBack
	on       map[effect]fault.Kind   // what is on
	shaped   *shaping                // what Shape put on; nil: nothing
	readBack context.CancelCauseFunc // ends the last read-back; nil: there was none

	mu        sync.Mutex // guards all below
	listener  *net.TCPListener
	accepting chan struct{} // closed when the accepting goroutine has ended
	links     map[uint64]*link
	closed    bool

	accepted       atomic.Int64
	overflowed     atomic.Int64
	upstreamErrors atomic.Int64
	cancelRequests atomic.Int64
	bytesUp        atomic.Int64
	bytesDown      atomic.Int64
}

// NewProxy starts a proxy; Close ends it.
func NewProxy(cfg ProxyConfig) (*Proxy, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	cfg = cfg.withDefaults()
	reserved, err := port.ReserveAt(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Proxy{cfg: cfg, port: reserved, ctx: ctx, stop: stop, on: map[effect]fault.Kind{}, links: map[uint64]*link{}}
	if p.cfg.Check == nil {
		p.cfg.Check = p.getsThrough
	}
	p.settings.Store(newSettings(nil))
	if err := p.listen(); err != nil {
		stop()
		reserved.Release()
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return p, nil
}

// Addr is the address at which the proxy stands for the server, host:port.
func (p *Proxy) Addr() string { return p.port.Addr().String() }

// ProxyStats are counters over a proxy's whole life, and what is open now.
type ProxyStats struct {
	Accepted       int64 // connections accepted
	Open           int64 // connections open now
	Overflowed     int64 // connections reset because too many were open
	UpstreamErrors int64 // connections reset because the server could not be reached
	CancelRequests int64 // Postgres CancelRequests seen, passed on or not
	BytesUp        int64 // bytes written to the server
	BytesDown      int64 // bytes written to clients
}

// Stats gives the counters. Each is exact; together they are not one moment's.
func (p *Proxy) Stats() ProxyStats {
	p.mu.Lock()
	open := len(p.links)
	p.mu.Unlock()
	return ProxyStats{
		Accepted:       p.accepted.Load(),
		Open:           int64(open),
		Overflowed:     p.overflowed.Load(),
		UpstreamErrors: p.upstreamErrors.Load(),
		CancelRequests: p.cancelRequests.Load(),
		BytesUp:        p.bytesUp.Load(),
		BytesDown:      p.bytesDown.Load(),
	}
}

// Close ends all connections and returns when nothing of the proxy runs any
// more. It may be called again.
func (p *Proxy) Close() error {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	if p.listener != nil {
		_ = p.listener.Close()
	}
	p.mu.Unlock()
	p.stop()
	p.endLinks(false)
	p.wg.Wait()
	if !again {
		p.port.Release()
	}
	return nil
}

// listen starts accepting connections.
func (p *Proxy) listen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrProxyClosed
	}
	l, err := p.port.Listen()
	if err != nil {
		return err
	}
	accepting := make(chan struct{})
	p.listener, p.accepting = l, accepting
	p.wg.Go(func() {
		defer close(accepting)
		p.accept(l)
	})
	return nil
}

// unlisten stops accepting and returns when that is so; connections that the
// kernel had taken but the proxy had not are reset by the kernel.
func (p *Proxy) unlisten() {
	p.mu.Lock()
	l, accepting := p.listener, p.accepting
	p.mu.Unlock()
	_ = l.Close()
	<-accepting
}

func (p *Proxy) accept(l *net.TCPListener) {
	for {
		conn, err := l.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of file descriptors, or a connection that died in the queue.
			select {
			case <-time.After(5 * time.Millisecond):
				continue
			case <-p.ctx.Done():
				return
			}
		}
		p.admit(conn)
	}
}

// admit makes a link of an accepted connection, if there is room.
func (p *Proxy) admit(conn *net.TCPConn) {
	l := &link{
		id: uint64(p.accepted.Add(1)), proxy: p, client: conn,
		accepted: time.Now(), ended: make(chan struct{}),
	}
	l.talk.link = l
	l.talk.frames.opaque = p.cfg.Protocol != Postgres
	p.mu.Lock()
	full := len(p.links) >= p.cfg.MaxConnections
	if !full && !p.closed {
		p.links[l.id] = l
	}
	refused := full || p.closed
	p.mu.Unlock()
	if refused {
		p.overflowed.Add(1)
		l.end(true)
		return
	}
	p.wg.Go(func() {
		defer p.forget(l)
		l.serve()
	})
}

func (p *Proxy) forget(l *link) {
	l.endShapes()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l.id)
}

// endLinks ends every link and gives those that it ended.
func (p *Proxy) endLinks(reset bool) []*link {
	p.mu.Lock()
	links := make([]*link, 0, len(p.links))
	for _, l := range p.links {
		links = append(links, l)
	}
	p.mu.Unlock()
	return slices.DeleteFunc(links, func(l *link) bool { return !l.end(reset) })
}

func (p *Proxy) dial() (*net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.cfg.DialTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", p.cfg.Upstream)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", p.cfg.Upstream, err)
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		_ = conn.Close()
		return nil, fmt.Errorf("connect to %s: not TCP but %T", p.cfg.Upstream, conn)
	}
	return tcp, nil
}
