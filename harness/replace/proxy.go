package replace

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Caller is who asks the proxy for something, and for whom.
type Caller struct {
	From netip.AddrPort
	Host string // as it was asked for
	Port uint16
}

// Route says where a call leads, host:port, or why it leads nowhere.
type Route func(ctx context.Context, c Caller) (to string, err error)

// Proxy is a forward proxy: it leads each call to where its [Route] says. What it leads
// are bytes: TLS is spoken with who plays the host, so that what becomes of a connection
// there becomes of it here, and nobody in between can count otherwise.
type Proxy struct {
	listener *net.TCPListener
	route    Route
	ctx      context.Context // ends with the proxy
	cancel   context.CancelFunc
	work     sync.WaitGroup

	mu    sync.Mutex // guards below
	calls map[uint16]netip.AddrPort
	open  map[*net.TCPConn]bool
}

// Bounds of what a client says before it is led anywhere, and of finding who is called.
const (
	maxHead    = 64 << 10
	headWithin = time.Minute
	dialWithin = 10 * time.Second
)

// StartProxy listens on a free port of this machine until Close.
func StartProxy(route Route) (*Proxy, error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("start the proxy of replaced hosts: %w", err)
	}
	p := &Proxy{listener: l, route: route, calls: map[uint16]netip.AddrPort{}, open: map[*net.TCPConn]bool{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.work.Go(p.accept)
	return p, nil
}

// Address is where it listens, host:port.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Client is who stands behind a connection that the proxy made from a port of its own;
// false: it has made none from there.
func (p *Proxy) Client(port uint16) (netip.AddrPort, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	from, ok := p.calls[port]
	return from, ok
}

// Close ends every connection, and returns when nothing of the proxy is left. It may be
// called more than once.
func (p *Proxy) Close() error {
	p.cancel()
	err := p.listener.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	p.mu.Lock()
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.work.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.AcceptTCP()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // too many files open: it passes
			select {
			case <-p.ctx.Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
			continue
		}
		p.work.Go(func() {
			defer p.forget(c)
			if p.remember(c) {
				p.serve(c)
			}
		})
	}
}

// remember has Close close a connection, unless it was there before.
func (p *Proxy) remember(c *net.TCPConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = true
	return p.ctx.Err() == nil
}

func (p *Proxy) forget(c *net.TCPConn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
}

// serve leads one connection.
func (p *Proxy) serve(client *net.TCPConn) {
	_ = client.SetReadDeadline(time.Now().Add(headWithin))
	head := &io.LimitedReader{R: client, N: maxHead}
	in := bufio.NewReader(head)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	_ = client.SetReadDeadline(time.Time{})
	head.N = 1 << 62 // what follows has no bound
	c, err := called(r)
	if err != nil {
		answer(client, http.StatusBadRequest, err.Error())
		return
	}
	c.From = client.RemoteAddr().(*net.TCPAddr).AddrPort()
	ctx, cancel := context.WithTimeout(p.ctx, dialWithin)
	defer cancel()
	to, err := p.route(ctx, c)
	if err != nil {
		answer(client, http.StatusForbidden, err.Error())
		return
	}
	player, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	if err != nil {
		_ = client.SetLinger(0) // as who is refused without a proxy: there is no connection
		return
	}
	server := player.(*net.TCPConn)
	defer p.forget(server)
	if !p.remember(server) {
		return
	}
	p.note(server, c.From)
	if r.Method == http.MethodConnect {
		tunnel(client, server, in)
		return
	}
	forward(client, server, in, r)
}

// note remembers for whom a connection is.
func (p *Proxy) note(made *net.TCPConn, from netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[made.LocalAddr().(*net.TCPAddr).AddrPort().Port()] = from
}

// called is who is asked for: by CONNECT, or by a whole address.
func called(r *http.Request) (Caller, error) {
	host, port := r.Host, ""
	switch {
	case r.Method == http.MethodConnect:
	case r.URL.Scheme == "http" && r.URL.Host != "":
		host, port = r.URL.Host, "80"
	default:
		return Caller{}, errors.New("this is a proxy: it is asked by CONNECT host:port, or for http://host/path")
	}
	if name, given, err := net.SplitHostPort(host); err == nil {
		host, port = name, given
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || number == 0 {
		return Caller{}, fmt.Errorf("%.80q is no host:port", r.Host)
	}
	return Caller{Host: host, Port: uint16(number)}, nil
}

// tunnel leads bytes both ways until both sides have ended.
func tunnel(client, server *net.TCPConn, in *bufio.Reader) {
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() { flow(client, server, server) })
	flow(server, in, client)
	back.Wait()
}

// forward passes on a request with a whole address, and what is answered. It is the last
// of its connection: the next one may be for somebody else.
func forward(client, server *net.TCPConn, in *bufio.Reader, r *http.Request) {
	var back sync.WaitGroup
	back.Go(func() { flow(client, server, server); _ = client.Close() })
	defer back.Wait()
	r.Close = true
	r.Header.Del("Proxy-Connection")
	r.Header.Del("Proxy-Authorization")
	if r.Write(server) != nil {
		reset(client, server)
		return
	}
	if _, err := io.Copy(io.Discard, in); err != nil { // until the client lets go
		_ = server.Close()
		return
	}
	_ = server.CloseWrite()
}

// flow leads what one side says to the other. An end is passed on as an end, a reset as
// a reset.
func flow(to *net.TCPConn, from io.Reader, side *net.TCPConn) {
	_, err := io.Copy(to, from)
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		reset(to, side)
		return
	}
	_ = to.CloseWrite()
}

func reset(both ...*net.TCPConn) {
	for _, c := range both {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
}

// answer says why a call leads nowhere. Who asked may be gone.
func answer(to io.Writer, status int, why string) {
	body := why + "\n"
	_, _ = fmt.Fprintf(to, "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
}
