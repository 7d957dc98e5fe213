package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// conn is one connection. It belongs to one request at a time.
type conn struct {
	tcp      net.Conn
	raw      syscall.RawConn
	act      func(fd uintptr) bool // next, as one closure for all requests
	deadline time.Time
	used     bool // by a request before

	out   []byte // what is still to be written
	in    []byte
	have  int // in[:have] was read
	stage stage
	got   int   // of the last read
	err   error // of the last system call
}

// stage is what is done next on the descriptor.
type stage int

const (
	checking stage = iota // that it is open
	writing
	reading
)

// errStale is a connection that was closed before anything was written to it, or that
// has bytes which nobody asked for.
var errStale = errors.New("the connection is no longer of use")

// newConn takes over an open connection.
func newConn(tcp net.Conn) (*conn, error) {
	sys, ok := tcp.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("a connection of the type %T has no descriptor", tcp)
	}
	raw, err := sys.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &conn{tcp: tcp, raw: raw, in: make([]byte, 4096)}
	c.act = c.next
	return c, nil
}

// exchange writes a request and reads its answer. Again says whether the connection
// can be used again.
func (c *conn) exchange(request []byte, deadline time.Time, a *Answer, closed func() bool) (again bool, err error) {
	if !c.deadline.Equal(deadline) {
		if err := c.tcp.SetDeadline(deadline); err != nil {
			return false, errStale
		}
		c.deadline = deadline
		if closed() { // it may have set a deadline of its own before this
			return false, context.Canceled
		}
	}
	if err := c.ask(request); err != nil {
		return false, err
	}
	return c.answer(a)
}

// ask writes a request and reads the first bytes of the answer. Those of one that came
// before the request was written wholly are an answer, too.
func (c *conn) ask(request []byte) error {
	c.stage, c.out, c.have, c.got, c.err = writing, request, 0, 0, nil
	if c.used {
		c.stage = checking
	}
	c.used = true
	if err := c.raw.Read(c.act); err != nil {
		return err
	}
	if c.err != nil || c.got > 0 {
		return c.err
	}
	if _, err := c.tcp.Write(c.out); err != nil {
		if c.more() == nil {
			return nil
		}
		return err
	}
	return c.more()
}

// more reads what there is, once.
func (c *conn) more() error {
	c.err = nil
	if err := c.raw.Read(c.act); err != nil {
		c.err = err
	}
	return c.err
}

// next does what is next on the descriptor. It reports false when there is nothing to
// read yet.
func (c *conn) next(fd uintptr) bool {
	stage := c.stage
	c.stage = reading
	switch {
	case stage == reading:
		return c.read(fd)
	case stage == writing:
		// What has come already is not told again to one who waits before he has read.
		return !c.write(fd) || c.read(fd)
	}
	if _, err := read(fd, c.in[:1]); err != syscall.EAGAIN {
		c.err = errStale
		return true
	}
	return !c.write(fd)
}

// write reports whether all was written.
func (c *conn) write(fd uintptr) bool {
	n, err := write(fd, c.out)
	if err != nil && err != syscall.EAGAIN && err != syscall.EINTR {
		// There may be an answer all the same.
		if c.read(fd); c.got == 0 {
			c.err = &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", err)}
		}
		return false
	}
	c.out = c.out[max(n, 0):]
	return len(c.out) == 0
}

// read reports false when there is nothing to read yet.
func (c *conn) read(fd uintptr) bool {
	for {
		n, err := read(fd, c.in[c.have:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return false
		case err != nil:
			c.err = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", err)}
		case n == 0:
			c.err = io.EOF
		}
		c.got = max(n, 0)
		c.have += c.got
		return true
	}
}
