package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// HeaderRequest is the header that every request carries: the stream's name
// and the request's number in it, for example "search/1742", by which fakes and
// logs can be matched with the plan.
const HeaderRequest = "X-Holdfast-Request"

// maxFresh bounds how often a request is tried again when the connection that
// it was to use turned out to be closed before anything was written to it.
const maxFresh = 8

// sender sends the requests of one stream.
type sender struct {
	stream    Stream
	via       *Balancer
	seed      uint64 // of this stream
	pacer     *pacer
	rec       *recorder
	now       func() time.Duration
	stop      <-chan struct{}
	deadlines *deadlines
	transport http.RoundTripper
	scratch   *sync.Pool                      // of *scratch, shared by the streams of a run
	common    http.Header                     // of every request
	answers   func(Exchange, Request, Answer) // nil: nobody asks
	noBodies  bool                            // nobody looks at the bodies of answers
}

// scratch is what one exchange needs while it lasts.
type scratch struct {
	pcg  rand.PCG
	rand *rand.Rand
	body []byte
}

func newScratch() any {
	s := &scratch{body: make([]byte, 0, 4096)}
	s.rand = rand.New(&s.pcg)
	return s
}

// turn sends request n, which the pacer has handed on, and gives its room back.
func (s *sender) turn(n int64) {
	defer s.pacer.done()
	sc := s.scratch.Get().(*scratch)
	defer s.scratch.Put(sc)
	s.send(n, sc)
}

func (s *sender) send(n int64, sc *scratch) {
	due, _ := s.pacer.due(n)
	ask, err := s.ask(n, sc)
	if err != nil {
		s.rec.unfit(due, err)
		return
	}
	select {
	case <-s.stop:
		s.rec.unsent(due)
		return
	default:
	}
	x := Exchange{
		Stream: s.stream.Name, N: n, Due: due, Sent: s.now(),
		Method: ask.Method, Path: ask.Path, BytesOut: int64(len(ask.Body)),
	}
	if x.Sent-due > s.stream.MaxLag {
		s.rec.lateAfterAll(due)
		return
	}
	s.rec.send(due, x.Sent)
	answer, err := s.exchange(s.deadlines.from(x.Sent), n, ask, sc)
	x.End, x.BytesIn, x.Instance = s.now(), answer.length, answer.instance
	answer.Asked = ask
	x.Status, x.Class = s.judge(answer, err)
	s.rec.finish(&x)
	if s.answers != nil && x.Status != 0 {
		s.answers(x, ask, answer)
	}
}

// judge returns the status of an answer that arrived whole, and its class.
func (s *sender) judge(a Answer, err error) (int, string) {
	switch {
	case errors.Is(err, errTooLarge):
		return 0, ClassTooLarge
	case err != nil:
		return 0, classify(err)
	}
	return a.Status, judge(&s.stream.Expect, &s.stream.Refused, a)
}

// ask asks the stream what request n looks like. The source of randomness
// depends on the seed, the stream and n alone, so that a run can be replayed
// whatever the order in which its requests are built.
func (s *sender) ask(n int64, sc *scratch) (Request, error) {
	sc.pcg.Seed(s.seed, mix(uint64(n)))
	r := s.stream.Next(n, sc.rand)
	if !strings.HasPrefix(r.Path, "/") || strings.HasPrefix(r.Path, "//") {
		return r, fmt.Errorf("stream %s: request %d: path %q does not begin with a single /", s.stream.Name, n, r.Path)
	}
	return r, nil
}

// exchange sends a request and reads its answer to the end.
func (s *sender) exchange(ctx context.Context, n int64, ask Request, sc *scratch) (Answer, error) {
	for try := 0; ; try++ {
		i := s.via.pick()
		req, body, err := s.build(ctx, n, ask, s.via.addresses[i])
		if err != nil {
			return Answer{}, err
		}
		resp, err := s.transport.RoundTrip(req)
		if err == nil {
			a, err := s.read(resp, sc)
			a.instance = i
			return a, err
		}
		if s.via.refused(i, err) && try < maxFresh && ctx.Err() == nil {
			continue
		}
		if try == maxFresh || ctx.Err() != nil || body == nil || body.begun.Load() || dialing(err) {
			return Answer{instance: i}, err
		}
	}
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
func (s *sender) build(ctx context.Context, n int64, ask Request, to *address) (*http.Request, *onceBody, error) {
	p := &parts{url: *to.base, id: [1]string{s.stream.Name + "/" + strconv.FormatInt(n, 10)}}
	if err := setPath(&p.url, ask.Path); err != nil {
		return nil, nil, err
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
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if len(ask.Body) == 0 && !replayable(req) {
		return req, nil, nil
	}
	// net/http sends a request again by itself if its connection dies before
	// the answer, when the method is safe or there is an Idempotency-Key, unless
	// it has a body that cannot be had twice. So every such request gets one.
	p.body.data = ask.Body
	req.Body = &p.body
	req.ContentLength = int64(len(ask.Body))
	if len(ask.Body) == 0 {
		req.TransferEncoding = identity // no Transfer-Encoding is written: nothing differs on the wire
	}
	return req, &p.body, nil
}

func replayable(r *http.Request) bool {
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return r.Header.Get("Idempotency-Key") != "" || r.Header.Get("X-Idempotency-Key") != ""
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

var errTooLarge = errors.New("the body is too large")

// read reads an answer to its end, within the stream's limit. The body is kept
// in sc.
func (s *sender) read(resp *http.Response, sc *scratch) (Answer, error) {
	defer resp.Body.Close()
	a := Answer{Status: resp.StatusCode, Header: resp.Header}
	buf := sc.body[:0]
	defer func() { sc.body = buf[:0] }()
	if want := resp.ContentLength; want > int64(cap(buf)) && want <= s.stream.MaxBody && !s.noBodies {
		buf = make([]byte, 0, want+bytes.MinRead)
	}
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		a.length += int64(n)
		if !s.noBodies {
			buf = buf[:len(buf)+n]
		}
		switch {
		case a.length > s.stream.MaxBody:
			return a, errTooLarge
		case err == io.EOF:
			a.Body = buf
			return a, nil
		case err != nil:
			return a, err
		}
	}
}
