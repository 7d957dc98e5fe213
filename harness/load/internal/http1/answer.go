package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
)

// ErrTooLarge is an answer whose body is longer than [Body.Max].
var ErrTooLarge = errors.New("the body is too large")

var (
	errHeader        = errors.New("the header of the answer is too large")
	errInformational = errors.New("too many informational answers")
)

// maxHeader bounds the header of an answer, in bytes; maxInformational how many
// informational answers may come before it.
const (
	maxHeader        = 1 << 20
	maxInformational = 5
)

// Answer is what came back for one request. Its header and body are valid until it is
// used for the next.
type Answer struct {
	Body Body

	Status int
	Header http.Header

	toHead bool
	header http.Header // whose memory is used again
	values [32]string
}

// Start makes a ready for the next answer. One to a request whose method is HEAD has
// no body.
func (a *Answer) Start(toHead bool) {
	a.Status, a.Header, a.toHead = 0, nil, toHead
	a.Body.Bytes, a.Body.Length = a.Body.Bytes[:0], 0
}

// Body is the body of an answer, and how it is to be read.
type Body struct {
	// Max is how long it may be, in bytes. Discard says that nobody looks at it.
	Max     int64
	Discard bool

	// Bytes are the body, or empty with Discard; their memory is used again. Length is
	// that of the body as far as it was read.
	Bytes  []byte
	Length int64
}

// Fill reads a body to its end. Its length is told where it is known, else -1.
func (b *Body) Fill(r io.Reader, length int64) error {
	buf := b.Bytes[:0]
	defer func() { b.Bytes = buf }()
	if length > int64(cap(buf)) && length <= b.Max && !b.Discard {
		buf = make([]byte, 0, length+bytes.MinRead)
	}
	b.Length = 0
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		b.Length += int64(n)
		if !b.Discard {
			buf = buf[:len(buf)+n]
		}
		switch {
		case b.Length > b.Max:
			return ErrTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

var emptyLine = []byte("\r\n\r\n")

// answer reads an answer to its end, of which something was read.
func (c *conn) answer(a *Answer) (again bool, err error) {
	end := bytes.Index(c.in[:c.have], emptyLine)
	for end < 0 {
		if c.have == len(c.in) || odd(c.in[:c.have]) || c.more() != nil {
			return c.unusual(a)
		}
		end = bytes.Index(c.in[:c.have], emptyLine)
	}
	h, plain := a.parse(c.in[:end+2])
	if !plain {
		return c.unusual(a)
	}
	a.Status, a.Header = h.status, a.header
	return c.body(a, h, c.in[end+len(emptyLine):c.have])
}

// odd reports whether the beginning of an answer can't be that of a plain one. net/http
// may know its end sooner: a header may end in two bare line feeds.
func odd(b []byte) bool {
	n := min(len(b), len(version))
	if string(b[:n]) != version[:n] {
		return true
	}
	return bytes.Count(b, []byte("\n")) != bytes.Count(b, []byte("\r\n"))
}

// body reads the body of a plain answer, of which a part was read with the header.
func (c *conn) body(a *Answer, h head, part []byte) (again bool, err error) {
	b := &a.Body
	b.Bytes, b.Length = b.Bytes[:0], 0
	if !b.Discard {
		b.Bytes = slices.Grow(b.Bytes, int(min(h.length, b.Max)))
	}
	for {
		if left := h.length - b.Length; int64(len(part)) > left {
			part, h.close = part[:left], true // bytes that nobody asked for
		}
		b.Length += int64(len(part))
		if b.Length > b.Max {
			return false, ErrTooLarge
		}
		if !b.Discard {
			b.Bytes = append(b.Bytes, part...)
		}
		if b.Length == h.length {
			return !h.close, nil
		}
		c.have = 0
		if err := c.more(); err == io.EOF {
			return false, io.ErrUnexpectedEOF
		} else if err != nil {
			return false, err
		}
		part = c.in[:c.have]
	}
}

// unusual has net/http read an answer, from its first byte.
func (c *conn) unusual(a *Answer) (again bool, err error) {
	bounded := &headerReader{from: io.MultiReader(bytes.NewReader(slices.Clone(c.in[:c.have])), failed{c.err}, c.tcp), left: maxHeader}
	r := bufio.NewReader(bounded)
	method := http.MethodGet
	if a.toHead {
		method = http.MethodHead
	}
	for range maxInformational + 1 {
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			if errors.Is(bounded.err, errHeader) {
				err = errHeader
			}
			return false, err
		}
		if resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		bounded.left = -1
		a.Status, a.Header = resp.StatusCode, resp.Header
		err = a.Body.Fill(resp.Body, resp.ContentLength)
		_ = resp.Body.Close()
		return err == nil && !resp.Close && resp.StatusCode/100 != 1 && r.Buffered() == 0, err
	}
	return false, errInformational
}

// failed is a reader of the error that ended reading before; nil: there was none.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// headerReader reads left bytes and no more; negative: all.
type headerReader struct {
	from io.Reader
	left int
	err  error
}

func (r *headerReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		r.err = errHeader
		return 0, errHeader
	}
	if r.left > 0 && len(p) > r.left {
		p = p[:r.left]
	}
	n, err := r.from.Read(p)
	if r.left > 0 {
		r.left -= n
	}
	return n, err
}
