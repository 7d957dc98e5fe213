package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// listening gives each connection to talk, one after the other.
func listening(t testing.TB, talk func(*net.TCPConn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			talk(c.(*net.TCPConn))
			_ = c.Close()
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait()
	})
	return l.Addr().String()
}

// twoCallers are one that asks directly, and one that has net/http ask.
func twoCallers(t testing.TB, address string, timeout time.Duration) (direct, other *caller) {
	t.Helper()
	whole := Status()
	whole.IgnoresBody = false
	config, stream := Config{BaseURL: "http://" + address}, Stream{Name: "x", MaxBody: 64, Timeout: timeout, Expect: whole}
	w, err := config.wiring(t.Context(), []Stream{stream})
	require.NoError(t, err)
	t.Cleanup(w.close)
	began := time.Now()
	w.now = func() time.Duration { return time.Since(began) }
	one := w.caller(stream.withDefaults(), "x")
	two := one
	two.direct = nil
	w.transport.DisableKeepAlives = true // a server that closes would race with the next request
	return &one, &two
}

// heard is what is told of an exchange.
type heard struct {
	Status      int
	Class, Body string
	Header      http.Header
	Length      int64
}

func hear(s *caller, ask Request) heard {
	sc := newScratch().(*scratch)
	x := Exchange{Sent: s.now()}
	a := s.call(&x, ask, sc)
	h := heard{Status: x.Status, Class: x.Class}
	if x.Status != 0 {
		h.Body, h.Header, h.Length = string(a.Body), a.Header.Clone(), x.BytesIn
	}
	return h
}

// recorded are answers as servers send them, in pieces that arrive one by one.
var recorded = []string{
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 29 Nov 2026 03:25:48 GMT\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\nConnection: keep-alive\r\nETag: W/\"1\"\r\n\r\n{}",
	"HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\nContent-type: text/html\r\n\r\nold",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nTrailer: a\r\n\r\n",
	"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nTrailer: X\r\n\r\n5;ext=1\r\nhello\r\n0\r\nX: 1\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n",
	"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end", "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nX: a\r\n  folded\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Unasked\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nX: \xff\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nX: \x01\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
	"", "\r\n\r\n", "HTTP/1.1", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nA: b\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
}

// An answer means the same to the client of the load as to net/http, whatever its bytes
// are and in whichever pieces they come.
func TestAnAnswerMeansWhatItMeansToNetHTTP(t *testing.T) {
	differ(t, func(ask func(answer string, cut int, method string) (heard, heard)) {
		for _, answer := range recorded {
			for _, method := range []string{"GET", "HEAD"} {
				for _, cut := range []int{0, 1, len(answer) / 2, len(answer) - 1} {
					direct, other := ask(answer, min(max(cut, 0), len(answer)), method)
					require.Equal(t, other, direct, "%s %q in two pieces from %d", method, answer, cut)
				}
			}
		}
	})
}

// FuzzAnswer: the same of bytes that nobody thought of.
func FuzzAnswer(f *testing.F) {
	for i, answer := range recorded {
		f.Add(answer, i, i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, answer string, cut int, head bool) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		differ(t, func(ask func(string, int, string) (heard, heard)) {
			direct, other := ask(answer, int(uint(cut)%uint(len(answer)+1)), method)
			if other.Status == http.StatusSwitchingProtocols {
				return // its body is the connection, which nobody asked for
			}
			require.Equal(t, other, direct, "%s %q in two pieces from %d", method, answer, cut)
		})
	})
}

// differ has both clients ask a server that answers with given bytes and closes.
func differ(t testing.TB, try func(ask func(answer string, cut int, method string) (direct, other heard))) {
	pieces := make(chan [2]string, 2)
	address := listening(t, func(c *net.TCPConn) {
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.Copy(io.Discard, req.Body)
			for _, piece := range <-pieces {
				_, _ = io.WriteString(c, piece)
			}
		}
	})
	direct, other := twoCallers(t, address, 20*time.Second)
	try(func(answer string, cut int, method string) (heard, heard) {
		for range 2 {
			pieces <- [2]string{answer[:cut], answer[cut:]}
		}
		ask := Request{Method: method, Path: "/"}
		return hear(direct, ask), hear(other, ask)
	})
}

// A request is on the wire as net/http writes it, or left to it; a plain one is not.
func TestARequestIsWrittenAsNetHTTPWritesIt(t *testing.T) {
	base, err := parseBase("http://h.example:8080/base/")
	require.NoError(t, err)
	to := &address{base: base, template: newTemplate(base), prefix: base.EscapedPath()}
	odd := rapid.StringMatching(`[A-Za-z0-9 ._~!$&'()*+,;=:@%/?#"<>\\^{|}é-]{0,12}`)
	plain, strange := requests([]string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}, []string{"Accept", "X-A", "x-lower", "Idempotency-Key", "Content-Type"}),
		requests([]string{"", "GET", "POST", "OPTIONS", "TRACE", "CUSTOM", "get", "BAD METHOD"},
			[]string{"Accept", "Host", "User-Agent", "Cookie", "Connection", "Content-Length", "Te", "Expect", HeaderRequest, "Bad Name"}, odd)
	rapid.Check(t, func(t *rapid.T) {
		from, isPlain := strange, rapid.Bool().Draw(t, "plain")
		if isPlain {
			from = plain
		}
		ask := from.Draw(t, "request")
		s := &caller{name: "x", common: from.Draw(t, "common").Header}
		n := rapid.Int64Range(0, 1<<40).Draw(t, "n")
		got, ok := s.message(nil, n, ask, to, newScratch().(*scratch))
		if !ok {
			if isPlain {
				t.Fatal("it is plain, and was left to net/http")
			}
			return
		}
		req, _, err := s.build(context.Background(), n, ask, to)
		if err != nil {
			t.Fatalf("it is no request: %v, and was written as %q", err, got)
		}
		var want strings.Builder
		if err := req.Write(&want); err != nil {
			t.Fatal(err)
		}
		if string(got) != want.String() && (len(ask.Body) > 0 || !equal(t, string(got), want.String())) {
			t.Fatalf("net/http writes %q, we write %q", want.String(), got)
		}
	})
}

// equal reports whether two requests with an Idempotency-Key say the same: net/http
// writes its name in small letters, and so in another place, where there is no body.
func equal(t *rapid.T, a, b string) bool {
	var read [2]*http.Request
	for i, text := range []string{a, b} {
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		read[i] = req
	}
	return len(read[0].Header["Idempotency-Key"]) > 0 && reflect.DeepEqual(read[0], read[1])
}

// requests draws one of these methods, with headers of these names; further says what
// else than plain text may stand in its path and headers.
func requests(methods, names []string, further ...*rapid.Generator[string]) *rapid.Generator[Request] {
	values := rapid.OneOf(append(further, rapid.StringMatching(`[a-z0-9.:]{1,9}`))...)
	paths := rapid.OneOf(append(further, rapid.StringMatching(`[a-z0-9/]{0,9}(\?[a-z=&+%0-9]{1,9})?`))...)
	return rapid.Custom(func(t *rapid.T) Request {
		return Request{
			Method: rapid.SampledFrom(methods).Draw(t, "method"),
			Path:   "/" + strings.TrimLeft(paths.Draw(t, "path"), "/"),
			Header: rapid.MapOfN(rapid.SampledFrom(names), rapid.SliceOfN(values, 0, 2), 0, 3).Draw(t, "header"),
			Body:   []byte(rapid.StringMatching(`[a-z]{0,5}`).Draw(t, "body")), cookies: rapid.SampledFrom([]string{"", "a=1", "a=1; b=2"}).Draw(t, "cookies"),
		}
	})
}

// What is asked in the plain way needs neither net/http nor memory.
func TestAPlainRequestIsAskedDirectly(t *testing.T) {
	address := listening(t, func(c *net.TCPConn) { serveOne(c) })
	direct, _ := twoCallers(t, address, 20*time.Second)
	direct.transport = nil // it would be a nil dereference
	for i := range 3 {
		h := hear(direct, Request{Method: "POST", Path: fmt.Sprintf("/a?n=%d", i), Body: []byte("{}"), Header: http.Header{"Content-Type": {"application/json"}}})
		require.Equal(t, 200, h.Status)
		require.Equal(t, "ok", h.Body)
	}
}

// serveOne answers the requests of one connection.
func serveOne(c *net.TCPConn) {
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"); err != nil {
			return
		}
	}
}
