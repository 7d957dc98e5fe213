package host

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// Secured is what came of the connections with TLS.
type Secured struct {
	Served  int64    // on which something was asked
	Refused []Parted // which did not come to be: the client refused it, or could not
	Silent  []Parted // which the client closed without a word, as soon as it had seen the certificate or later
}

// Parted is how a client parted from the host.
type Parted struct {
	From netip.AddrPort
	// Why is what its own TLS said, or what was seen.
	Why string
	// Distrust says that it was about the certificate.
	Distrust bool
}

// maxParted bounds the connections that are remembered one by one, of either kind.
const maxParted = 100

// secured takes note of what came of connections with TLS.
type secured struct {
	served atomic.Int64
	mu     sync.Mutex // guards below
	seen   Secured
}

// Secured is what came of the connections with TLS so far. It can be read after Close.
func (h *Host) Secured() Secured {
	s := &h.secured
	s.mu.Lock()
	defer s.mu.Unlock()
	return Secured{Served: s.served.Load(), Refused: slices.Clone(s.seen.Refused), Silent: slices.Clone(s.seen.Silent)}
}

// note keeps how a client parted: without a word, or not having come to TLS.
func (s *secured) note(p Parted, silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := &s.seen.Refused
	if silent {
		to = &s.seen.Silent
	}
	if len(*to) < maxParted {
		*to = append(*to, p)
	}
}

// either is a connection that speaks TLS if its client begins with it. That is decided
// by the first read, for a server of HTTP says nothing before.
type either struct {
	*conn
	begun  sync.Once
	failed error                    // to decide, or to shake hands
	below  *unread                  // what it is read from
	speaks net.Conn                 // what it turned out to be
	secure atomic.Pointer[tls.Conn] // the same, where that is TLS
	heard  bool                     // something was said within TLS; of the reader alone
	raw    atomic.Bool              // it ends without the farewell of TLS
}

// handshake is the first byte of whoever begins with TLS.
const handshake = 22

// Read implements [net.Conn].
func (e *either) Read(b []byte) (int, error) {
	e.begun.Do(e.begin)
	if e.failed != nil {
		return 0, e.failed
	}
	n, err := e.speaks.Read(b)
	if e.heard || e.secure.Load() == nil {
		return n, err
	}
	if n > 0 {
		e.heard = true
		e.gate.host.secured.served.Add(1)
	} else if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && e.gate.host.ctx.Err() == nil {
		e.heard = true // it is told once
		p, alerted := e.parted(err)
		e.gate.host.secured.note(p, !alerted)
	}
	return n, err
}

// begin looks at the first byte, and shakes hands where it is that of TLS.
func (e *either) begin() {
	first := make([]byte, 1)
	if _, e.failed = io.ReadFull(e.conn.TCPConn, first); e.failed != nil {
		return
	}
	e.below = &unread{conn: e.conn, first: first}
	e.speaks = e.below
	if first[0] != handshake {
		return
	}
	h := e.gate.host
	with := tls.Server(e.below, &tls.Config{
		Certificates: []tls.Certificate{*h.config.Certificate}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12,
	})
	e.speaks = with
	e.secure.Store(with)
	if e.failed = with.HandshakeContext(h.ctx); e.failed == nil {
		return
	}
	e.raw.Store(true)
	if p, alerted := e.parted(e.failed); alerted || h.ctx.Err() == nil { // else it was the host that closed
		h.secured.note(p, !alerted && hungUp(e.failed))
	}
}

// Write implements [net.Conn].
func (e *either) Write(b []byte) (int, error) {
	e.begun.Do(func() { e.speaks = e.conn }) // before anything was read: it is given up
	if e.failed != nil {
		return 0, e.failed
	}
	return e.speaks.Write(b)
}

// ReadFrom keeps the connection beneath from being written to past TLS.
func (e *either) ReadFrom(r io.Reader) (int64, error) { return io.Copy(struct{ io.Writer }{e}, r) }

// WriteTo keeps it from being read past TLS.
func (e *either) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{e}) }

// CloseWrite ends what is said, by the farewell of TLS where it is spoken.
func (e *either) CloseWrite() error {
	if with := e.secure.Load(); with != nil {
		_ = with.CloseWrite() // the client may be gone
	}
	return e.conn.TCPConn.CloseWrite()
}

// SetLinger has the connection end as a fault wants it: without a farewell.
func (e *either) SetLinger(seconds int) error {
	e.raw.Store(true)
	return e.conn.SetLinger(seconds)
}

// Close implements [net.Conn]. The farewell waits for a client that does not read, so
// that a host which closes says none.
func (e *either) Close() error {
	if with := e.secure.Load(); with != nil && !e.raw.Load() && e.gate.host.ctx.Err() == nil {
		return with.Close()
	}
	return e.conn.Close()
}

// unread is a connection of which the first byte was read already. It remembers the end
// of what was read: OpenSSL tells in plain text that it refuses a certificate, where
// TLS 1.3 and Go expect it encrypted.
type unread struct {
	*conn
	first []byte
	last  [plainAlert]byte
}

// plainAlert is the length of an alert that is not encrypted: its type, the version,
// the length, and then its level and its number.
const plainAlert = 7

// alert is the number of the alert with which what was read ends; 0: with none.
func (u *unread) alert() tls.AlertError {
	l := u.last
	if l[0] == 21 && l[1] == 3 && l[3] == 0 && l[4] == 2 && (l[5] == 1 || l[5] == 2) {
		return tls.AlertError(l[6])
	}
	return 0
}

// Read implements [net.Conn].
func (u *unread) Read(b []byte) (int, error) {
	if len(u.first) > 0 && len(b) > 0 {
		n := copy(b, u.first)
		u.first = u.first[n:]
		return n, nil
	}
	n, err := u.conn.Read(b)
	if end := b[:n]; n >= plainAlert {
		copy(u.last[:], end[n-plainAlert:])
	} else {
		copy(u.last[:], u.last[n:])
		copy(u.last[plainAlert-n:], end)
	}
	return n, err
}

// parted says how the client parted, and whether by an alert.
func (e *either) parted(err error) (p Parted, alerted bool) {
	p.Why = err.Error()
	p.From, _ = netip.ParseAddrPort(e.conn.RemoteAddr().String())
	alert := e.below.alert()
	if remote := (*net.OpError)(nil); errors.As(err, &remote) && remote.Op == "remote error" { // as Go's TLS calls it
		alert = alertOf(remote.Err)
	}
	switch {
	case alert != 0:
		p.Why, p.Distrust = "TLS alert: "+strings.TrimPrefix(alert.Error(), "tls: "), aboutCertificate(alert)
		return p, true
	case hungUp(err):
		p.Why = "it closed the connection"
	}
	return p, false
}

// hungUp reports whether a client has closed the connection.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// alertOf is the number of an alert that Go's TLS has read: it tells its text alone.
func alertOf(err error) tls.AlertError {
	for n := range 256 {
		if alert := tls.AlertError(n); n > 0 && alert.Error() == err.Error() {
			return alert
		}
	}
	return 0
}

// aboutCertificate reports whether an alert is about the certificate: bad_certificate to
// certificate_unknown and unknown_ca, in the numbers of RFC 8446.
func aboutCertificate(a tls.AlertError) bool { return a >= 42 && a <= 46 || a == 48 }
