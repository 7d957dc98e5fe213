package load

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"holdfast.dev/holdfast/harness/load/internal/http1"
)

// HeaderRequest is the header that every request carries: the stream's name
// and the request's number in it, for example "search/1742", by which fakes and
// logs can be matched with the plan. A step of a journey has its name behind the
// stream's, "checkout.pay/1742".
const HeaderRequest = "X-Holdfast-Request"

// maxFresh bounds how often a request is tried again when the connection that
// it was to use turned out to be closed before anything was written to it.
const maxFresh = 8

// caller sends requests of one name, a stream's or a step's, and reads their
// answers.
type caller struct {
	name            string
	via             *Balancer
	expect, refused Expectation
	maxBody         int64
	noBodies        bool // nobody looks at the bodies of answers
	now             func() time.Duration
	deadlines       *deadlines
	transport       http.RoundTripper
	http2           bool                            // transport speaks it
	direct          []*http1.Client                 // of each address; nil where net/http must ask
	common          http.Header                     // of every request
	tracer          tracer                          // of the stream; its zero value: none is traced
	answers         func(Exchange, Request, Answer) // nil: nobody asks
}

// call sends a request, and enters into x what came of it. The answer's body is
// kept in sc.
func (s *caller) call(x *Exchange, ask Request, sc *scratch) Answer {
	x.trace = s.traced(x.N, ask)
	answer, err := s.exchange(s.deadlines.from(x.Sent), x.N, ask, sc)
	x.End, x.BytesIn, x.Instance = s.now(), answer.length, answer.instance
	answer.Asked = ask
	if x.unsent = whyUnsent(err); x.unsent != "" {
		x.Class = ClassUnsent
		return answer
	}
	x.Status, x.Class = s.judge(answer, err)
	return answer
}

// judge returns the status of an answer that arrived whole, and its class.
func (s *caller) judge(a Answer, err error) (int, string) {
	switch {
	case errors.Is(err, http1.ErrTooLarge):
		return 0, ClassTooLarge
	case err != nil:
		return 0, classify(err)
	}
	return a.Status, judge(&s.expect, &s.refused, a)
}

// explain says of a request that failed which it was, and what was otherwise than
// expected.
func (s *caller) explain(x *Exchange, a Answer) string {
	switch {
	case x.unsent != "":
		return s.about(x) + ": it could not be sent from here: " + x.unsent
	case x.Status == 0:
		return s.about(x) + ": no answer, " + x.Class
	}
	return s.about(x) + ": " + s.expect.otherwise(a)
}

// about names a request: its number, and what was asked when.
func (s *caller) about(x *Exchange) string {
	return fmt.Sprintf("%s %s (%s/%d, due at %.3f s)", cmp.Or(x.Method, http.MethodGet), shortPath(x.Path), s.name, x.N, x.Due.Seconds())
}

// try builds a request and sends nothing.
func (s *caller) try(ask Request) error {
	if _, _, err := s.build(context.Background(), 0, ask, s.via.addresses[0]); err != nil {
		return fmt.Errorf("stream %s: request 0: %w", s.name, err)
	}
	return nil
}

// exchange sends a request and reads its answer to the end.
func (s *caller) exchange(ctx context.Context, n int64, ask Request, sc *scratch) (Answer, error) {
	for try := 0; ; try++ {
		i := s.via.pick()
		a, again, err := s.once(ctx, n, ask, i, sc)
		a.instance = i
		if err == nil {
			return a, s.decode(&a, sc)
		}
		again = again || s.via.refused(i, err)
		if !again || try == maxFresh || ctx.Err() != nil {
			return a, err
		}
	}
}

// once sends a request to one address. Again says that nothing of it was written, or that
// the other side says it has done nothing of it, so that it may be sent again.
func (s *caller) once(ctx context.Context, n int64, ask Request, i int, sc *scratch) (a Answer, again bool, err error) {
	to := s.via.addresses[i]
	if i < len(s.direct) && s.direct[i] != nil {
		var plain bool
		if sc.message, plain = s.message(sc.message[:0], n, ask, to, sc); plain {
			a, err = s.directly(ctx, s.direct[i], ask, sc)
			return a, false, err
		}
	}
	req, body, err := s.build(ctx, n, ask, to)
	if err != nil {
		return Answer{}, false, err
	}
	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		unwritten := body != nil && !body.begun.Load() && !dialing(err) && whyUnsent(err) == ""
		return Answer{}, unwritten || unprocessed(err), err
	}
	a, err = s.read(resp, sc)
	return a, false, err
}

func dialing(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// parts are the pieces of one request that live as long as it does.
type parts struct {
	url  url.URL
	body onceBody
	id   [1]string
}

// identity makes net/http send a body of unknown length as it is.
var identity = []string{"identity"}

// build makes the request to send. Its body, unless nil, tells whether the
// request was written.
func (s *caller) build(ctx context.Context, n int64, ask Request, to *address) (*http.Request, *onceBody, error) {
	p := &parts{url: *to.base, id: [1]string{s.name + "/" + strconv.FormatInt(n, 10)}}
	if err := setPath(&p.url, ask.Path); err != nil {
		return nil, nil, &unfitError{err}
	}
	req := to.template.WithContext(ctx)
	req.URL = &p.url
	if ask.Method != "" {
		req.Method = ask.Method
	}
	req.Header = make(http.Header, len(ask.Header)+len(s.common)+1)
	maps.Copy(req.Header, s.common)
	for k, v := range ask.Header {
		req.Header[k] = v
	}
	req.Header[HeaderRequest] = p.id[:]
	if trace := s.traced(n, ask); !trace.none() {
		req.Header[headerTrace] = []string{trace.parent(s.name)}
	}
	if ask.cookies != "" {
		req.Header["Cookie"] = []string{strings.TrimPrefix(req.Header.Get("Cookie")+"; "+ask.cookies, "; ")}
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if err := fit(req, s.http2); err != nil {
		return nil, nil, err
	}
	// net/http sends a request again by itself if its connection dies before the
	// answer, when the method is safe or there is an Idempotency-Key, unless it has
	// a body that cannot be had twice. So such a request gets one.
	if len(ask.Body) == 0 && !safe(req.Method) {
		hideKeys(req.Header) // a body of no known length would cost its Content-Length: 0
		return req, nil, nil
	}
	p.body.data = ask.Body
	req.Body = &p.body
	req.ContentLength = int64(len(ask.Body))
	if len(ask.Body) == 0 {
		req.TransferEncoding = identity // no Transfer-Encoding is written: nothing differs on the wire
	}
	return req, &p.body, nil
}

func safe(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// hideKeys writes the names that tell net/http that a request may be sent twice in
// small letters, which it does not look for and which mean the same to a server.
func hideKeys(h http.Header) {
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if values, has := h[name]; has {
			delete(h, name)
			h[strings.ToLower(name)] = values
		}
	}
}

// setPath appends a path with its query to u.
func setPath(u *url.URL, path string) error {
	path, u.RawQuery, _ = strings.Cut(path, "?")
	if strings.IndexByte(path, '%') < 0 {
		u.Path += path
		return nil
	}
	plain, err := url.PathUnescape(path)
	if err != nil {
		return fmt.Errorf("path: %w", err)
	}
	u.RawPath = u.EscapedPath() + path
	u.Path += plain
	return nil
}

// onceBody is a body that can be read once, and that knows whether it was.
type onceBody struct {
	data  []byte
	begun atomic.Bool
}

func (b *onceBody) Read(p []byte) (int, error) {
	b.begun.Store(true)
	if len(b.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

// WriteTo spares net/http a buffer of 32 kB for each request without a body.
func (b *onceBody) WriteTo(w io.Writer) (int64, error) {
	b.begun.Store(true)
	if len(b.data) == 0 {
		return 0, nil
	}
	n, err := w.Write(b.data)
	b.data = b.data[n:]
	return int64(n), err
}

func (b *onceBody) Close() error { return nil }

// read reads an answer to its end, within the stream's limit. The body is kept in sc.
func (s *caller) read(resp *http.Response, sc *scratch) (Answer, error) {
	defer resp.Body.Close()
	body := s.body(sc)
	err := body.Fill(resp.Body, resp.ContentLength)
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body.Bytes, length: body.Length}, err
}

// body is where the body of an answer is kept.
func (s *caller) body(sc *scratch) *http1.Body {
	b := &sc.answer.Body
	b.Max, b.Discard = s.maxBody, s.noBodies
	return b
}

// decode undoes the gzip of an answer whose body somebody looks at, asked for or not.
// What says that it is gzip and is none stays as it came, for the checks to find.
func (s *caller) decode(a *Answer, sc *scratch) error {
	if coding := a.Header.Get("Content-Encoding"); s.noBodies || !strings.EqualFold(coding, "gzip") && !strings.EqualFold(coding, "x-gzip") {
		return nil
	}
	var err error
	if from := bytes.NewReader(a.Body); sc.unzip == nil {
		sc.unzip, err = gzip.NewReader(from)
	} else {
		err = sc.unzip.Reset(from)
	}
	if err != nil {
		return nil // no gzip
	}
	plain := bytes.NewBuffer(sc.plain[:0])
	n, err := io.Copy(plain, io.LimitReader(sc.unzip, s.maxBody+1))
	sc.plain = plain.Bytes()
	switch {
	case n > s.maxBody:
		return http1.ErrTooLarge
	case err == nil:
		a.Body = sc.plain
	}
	return nil
}
