package smtpserver

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
)

// wire is a connection as the SMTP library sees it: a command at a time, so that
// faults can act where the library has no say, before DATA and at the greeting. It
// also ends TLS, which is why the library sees plain text only.
type wire struct {
	net.Conn // what is read and written: the TCP connection, or TLS over it
	tcp      *net.TCPConn
	server   *Server
	id       uint32
	in       *bufio.Reader
	session  *session // nil until it was greeted
	gone     context.Context
	letGo    context.CancelFunc
	spare    func() bool // from being aborted when the server closes
	closed   sync.Once

	rest    []byte // of the line that is being handed on
	inData  bool   // what is read is a message
	fresh   bool   // the line before ended as lines do
	greeted bool
	hello   bool          // the lines written are the reply to EHLO
	peeked  chan struct{} // closed when nobody waits for the next byte any more; nil: nobody has
}

func newWire(s *Server, tcp *net.TCPConn) *wire {
	w := &wire{Conn: tcp, tcp: tcp, server: s, id: s.last.Add(1), in: bufio.NewReaderSize(tcp, 8<<10)}
	w.gone, w.letGo = context.WithCancel(s.ctx)
	w.spare = context.AfterFunc(s.ctx, w.abort)
	return w
}

// Close closes the connection.
func (w *wire) Close() error {
	w.spare()
	w.letGo()
	err := w.tcp.Close() // not the TLS goodbye: a client that does not read would hold it up
	w.closed.Do(func() { w.server.gate.forget(w) })
	return err
}

// abort closes the connection by a TCP reset.
func (w *wire) abort() {
	_ = w.tcp.SetLinger(0)
	_ = w.Close()
}

// Read hands on what the client says, a line at a time, but for what is answered here.
func (w *wire) Read(p []byte) (int, error) {
	for len(w.rest) == 0 {
		line, err := w.line()
		if err != nil {
			w.letGo()
			return 0, err
		}
		if w.inData {
			w.rest = line
			w.follow(line)
			continue
		}
		if w.rest, err = w.command(line); err != nil {
			return 0, err
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// line reads the next line, or as much of it as fits.
func (w *wire) line() ([]byte, error) {
	if w.peeked != nil {
		<-w.peeked
		w.peeked = nil
	}
	line, err := w.in.ReadSlice('\n')
	if len(line) > 0 && (err == nil || err == bufio.ErrBufferFull) {
		return bytes.Clone(line), nil
	}
	return nil, err
}

// follow looks for the end of the message, by the same rule as the library.
func (w *wire) follow(line []byte) {
	if w.fresh && string(line) == ".\r\n" {
		w.inData = false
		return
	}
	body, ended := bytes.CutSuffix(line, []byte("\n"))
	returns := len(body) - len(bytes.TrimRight(body, "\r"))
	w.fresh = ended && returns%2 == 1
}

// command returns the line if the library is to see it, and answers it otherwise.
func (w *wire) command(line []byte) ([]byte, error) {
	verb, _, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		w.hello = true
	case "BDAT":
		return nil, w.say(reply{502, "BDAT is not known here"})
	case "STARTTLS":
		return nil, w.startTLS()
	case "DATA":
		if w.session == nil || len(w.session.to) == 0 {
			return line, nil
		}
		return w.data(line)
	}
	return line, nil
}

// data is the command DATA: the library has no say in it.
func (w *wire) data(line []byte) ([]byte, error) {
	r, err := w.act(step{name: Data, key: strings.Join(w.session.to, ","), picks: append([]string{w.session.from}, w.session.to...), over: w.session.over})
	switch {
	case err != nil:
		return nil, err
	case r.refused():
		return nil, w.say(r)
	}
	return line, nil
}

// startTLS makes the conversation an encrypted one. The client introduces itself
// anew, by which the library forgets what came before.
func (w *wire) startTLS() error {
	_, encrypted := w.Conn.(*tls.Conn)
	if w.server.tls == nil || encrypted {
		return w.say(reply{502, "STARTTLS is not offered"})
	}
	if err := w.say(reply{220, "Go ahead"}); err != nil {
		return err
	}
	secure := tls.Server(w.tcp, w.server.tls)
	if err := secure.HandshakeContext(w.gone); err != nil {
		_ = w.Close()
		return fmt.Errorf("STARTTLS: %w", err)
	}
	w.Conn, w.in = secure, bufio.NewReaderSize(secure, 8<<10)
	return nil
}

// encrypted says whether TLS is on.
func (w *wire) encrypted() bool {
	_, ok := w.Conn.(*tls.Conn)
	return ok
}

// say writes a reply of our own.
func (w *wire) say(r reply) error {
	_, err := w.Conn.Write(r.line())
	return err
}

// Write writes what the library says, a line at a time, and heeds what it means.
func (w *wire) Write(p []byte) (int, error) {
	line := string(p)
	if !w.greeted {
		w.greeted = true
		r, err := w.act(step{name: Greeting, picks: []string{w.tcp.RemoteAddr().String()}})
		if err != nil {
			return 0, err
		}
		if r.refused() {
			_ = w.say(r)
			_ = w.Close()
			return len(p), nil
		}
	}
	if strings.HasPrefix(line, "354") {
		w.inData, w.fresh = true, true
	}
	if w.hello {
		line = w.offer(line)
	}
	if line == "" {
		return len(p), nil
	}
	if _, err := w.Conn.Write([]byte(line)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// offer makes the reply to EHLO say what we can.
func (w *wire) offer(line string) string {
	if !strings.HasPrefix(line, "250-") {
		w.hello = false
		return line
	}
	switch {
	case strings.HasPrefix(line, "250-CHUNKING"):
		return ""
	case strings.HasPrefix(line, "250-PIPELINING") && w.server.tls != nil && !w.encrypted():
		return line + "250-STARTTLS\r\n"
	}
	return line
}

// watched returns a context that ends when the client lets go, which is noticed
// while a fault keeps it waiting: nobody reads then.
func (w *wire) watched() context.Context {
	if w.peeked == nil {
		done := make(chan struct{})
		w.peeked = done
		w.server.work.Go(func() {
			defer close(done)
			if _, err := w.in.Peek(1); err != nil {
				w.letGo()
			}
		})
	}
	return w.gone
}
