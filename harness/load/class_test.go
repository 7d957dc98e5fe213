package load_test

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
)

// rawServer gives each connection to talk, with a reader of its requests.
func rawServer(t *testing.T, talk func(c *net.TCPConn, r *bufio.Reader)) (base string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var work sync.WaitGroup
	stop := make(chan struct{})
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer c.Close()
				done := make(chan struct{})
				defer close(done)
				work.Go(func() { // ends what still talks when the test is over
					select {
					case <-stop:
						_ = c.Close()
					case <-done:
					}
				})
				talk(c.(*net.TCPConn), bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		close(stop)
		_ = l.Close()
		work.Wait()
	})
	return "http://" + l.Addr().String()
}

// answers sends the same bytes for each request.
func answers(bytes string) func(*net.TCPConn, *bufio.Reader) {
	return func(c *net.TCPConn, r *bufio.Reader) {
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			if _, err := io.WriteString(c, bytes); err != nil {
				return
			}
		}
	}
}

// thenCloses sends the bytes for the first request and ends the connection.
func thenCloses(bytes string, end func(*net.TCPConn)) func(*net.TCPConn, *bufio.Reader) {
	return func(c *net.TCPConn, r *bufio.Reader) {
		if _, err := http.ReadRequest(r); err == nil {
			_, _ = io.WriteString(c, bytes)
			end(c)
		}
	}
}

func fin(c *net.TCPConn) { _ = c.Close() }

func rst(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

func TestEachErrorHasItsClass(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	hang := func(_ *net.TCPConn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) }
	for _, row := range []struct {
		name      string
		base      string // instead of talk
		talk      func(*net.TCPConn, *bufio.Reader)
		expect    load.Expectation
		refused   load.Expectation
		class     string // empty: as expected
		completed bool
	}{
		{name: "the expected answer", talk: answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), completed: true},
		{name: "nobody listens", base: "http://" + closed.Addr().String(), class: load.ClassRefused},
		{name: "no answer at all", talk: hang, class: load.ClassTimeout},
		{name: "a body that stops half-way", class: load.ClassTimeout, talk: func(c *net.TCPConn, r *bufio.Reader) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
			hang(c, r)
		}},
		{name: "a reset instead of an answer", talk: thenCloses("", rst), class: load.ClassReset},
		{name: "a close instead of an answer", talk: thenCloses("", fin), class: load.ClassEOF},
		{name: "a close in the headers", talk: thenCloses("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", fin), class: load.ClassEOF},
		{name: "a close in the body", talk: thenCloses("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", fin), class: load.ClassEOF},
		{name: "a missing last chunk", talk: thenCloses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", fin), class: load.ClassEOF},
		{name: "a close in the name of a header", talk: thenCloses("HTTP/1.1 200 OK\r\nContent-", fin), class: load.ClassOther},
		{name: "no HTTP", talk: thenCloses("SSH-2.0-OpenSSH_9.2\r\n\r\n", fin), class: load.ClassOther},
		{name: "another status", talk: answers("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), class: "status_503", completed: true},
		{name: "a redirect is not followed", talk: answers("HTTP/1.1 302 No\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), class: "status_302", completed: true},
		{name: "an accepted refusal", refused: load.Refusal(), class: load.ClassShedByTarget, completed: true,
			talk: answers("HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")},
		{name: "a refusal that does not say when to come back", refused: load.Refusal(), class: "status_503", completed: true,
			talk: answers("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")},
		{name: "another body", expect: load.All(load.Status(200), load.JSONArrayLen("results", 2)), class: "check_results_len", completed: true,
			talk: answers("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"results\":[1]}")},
		{name: "the status is named before the body", expect: load.All(load.Status(200), load.JSONArrayLen("results", 2)), class: "status_500", completed: true,
			talk: answers("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")},
		{name: "a body that is too large", talk: answers("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n" + strings.Repeat("x", 65)), class: load.ClassTooLarge},
		{name: "a body just not too large", talk: answers("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + strings.Repeat("x", 64)), completed: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if row.talk != nil {
				row.base = rawServer(t, row.talk)
			}
			attack, err := load.Start(context.Background(), load.Config{BaseURL: row.base}, load.Stream{
				Name: "x", Profile: load.Constant(100, 30*ms), Next: get("/"), Expect: row.expect, Refused: row.refused,
				Timeout: 2 * time.Second, MaxBody: 64, MaxLag: time.Minute,
			})
			require.NoError(t, err)
			o := attack.Wait()[0]
			requireSound(t, o)
			require.EqualValues(t, 3, o.Sent)
			if row.class == "" {
				require.EqualValues(t, 3, o.OK, "%v", o.Errors)
			} else {
				require.Equal(t, map[string]int64{row.class: 3}, o.Errors)
			}
			require.Equal(t, row.completed, o.Completed == 3)
			failed := int64(3)
			if row.class == "" || row.class == load.ClassShedByTarget {
				failed = 0
			}
			require.Equal(t, failed, load.Failed(o.Counts))
		})
	}
}

// TestARequestReachesTheTargetOnceAtMost kills connections that have been used
// before, in the middle of a request. net/http by itself would send a GET, and a
// POST with an Idempotency-Key, a second time.
func TestARequestReachesTheTargetOnceAtMost(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for _, row := range []struct {
		name    string
		request load.Request
		end     func(*net.TCPConn)
		class   string
	}{
		{"a GET, reset", load.Request{Path: "/"}, rst, load.ClassReset},
		{"a GET, closed", load.Request{Path: "/"}, fin, load.ClassEOF},
		{"a POST with a key, reset", load.Request{Method: "POST", Path: "/", Body: []byte("{}"), Header: http.Header{"Idempotency-Key": {"k"}}}, rst, load.ClassReset},
		{"a POST with a key and no body, closed", load.Request{Method: "POST", Path: "/", Header: http.Header{"Idempotency-Key": {"k"}}}, fin, load.ClassEOF},
		{"a POST, closed", load.Request{Method: "POST", Path: "/", Body: []byte("{}")}, fin, load.ClassEOF},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			seen := make(map[string]int)
			base := rawServer(t, func(c *net.TCPConn, r *bufio.Reader) {
				for n := 1; ; n++ {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					mu.Lock()
					seen[req.Header.Get(load.HeaderRequest)]++
					mu.Unlock()
					if n == 3 {
						row.end(c)
						return
					}
					_, _ = io.WriteString(c, ok)
				}
			})
			// One after the other, so that each connection is used again.
			attack, err := load.Start(context.Background(), load.Config{BaseURL: base}, load.Stream{
				Name: "x", Profile: load.Constant(30, 2*time.Second), MaxInFlight: 1, MaxLag: time.Minute,
				Next: func(int64, *rand.Rand) load.Request { return row.request },
			})
			require.NoError(t, err)
			o := attack.Wait()[0]
			requireSound(t, o)
			require.Positive(t, o.Errors[row.class], "%v", o.Errors)
			require.Len(t, o.Errors, 1)
			mu.Lock()
			defer mu.Unlock()
			require.Len(t, seen, int(o.Sent), "each request was seen")
			for id, times := range seen {
				require.Equal(t, 1, times, id)
			}
		})
	}
}

// TestWhatIsOnTheWire: what keeps net/http from sending again is not seen there.
func TestWhatIsOnTheWire(t *testing.T) {
	for _, row := range []struct {
		name    string
		request load.Request
		wire    string
	}{
		{"a GET", load.Request{Path: "/search?q=a%20b&x=%2F"},
			"GET /base/search?q=a%20b&x=%2F HTTP/1.1\r\nHost: HOST\r\nUser-Agent: Go-http-client/1.1\r\nX-Holdfast-Request: x/0\r\n\r\n"},
		{"an escaped path", load.Request{Path: "/a%2Fb/c%20d"},
			"GET /base/a%2Fb/c%20d HTTP/1.1\r\nHost: HOST\r\nUser-Agent: Go-http-client/1.1\r\nX-Holdfast-Request: x/0\r\n\r\n"},
		{"a POST with a body", load.Request{Method: "POST", Path: "/tasks", Body: []byte("{}"), Header: http.Header{"Content-Type": {"application/json"}}},
			"POST /base/tasks HTTP/1.1\r\nHost: HOST\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 2\r\nContent-Type: application/json\r\nX-Holdfast-Request: x/0\r\n\r\n{}"},
		{"a POST without a body", load.Request{Method: "POST", Path: "/", Header: http.Header{"Host": {"example.org"}}},
			"POST /base/ HTTP/1.1\r\nHost: example.org\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 0\r\nX-Holdfast-Request: x/0\r\n\r\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := make(chan string, 1)
			end := row.wire[strings.Index(row.wire, "\r\n\r\n"):]
			base := rawServer(t, func(c *net.TCPConn, _ *bufio.Reader) {
				var text strings.Builder
				buf := make([]byte, 4096)
				_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
				for !strings.HasSuffix(text.String(), end) {
					n, err := c.Read(buf)
					text.Write(buf[:n])
					if err != nil {
						break
					}
				}
				got <- text.String()
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			})
			attack, err := load.Start(context.Background(), load.Config{BaseURL: base + "/base/"}, load.Stream{
				Name: "x", Profile: load.Constant(1, time.Second), MaxLag: time.Minute,
				Next: func(int64, *rand.Rand) load.Request { return row.request },
			})
			require.NoError(t, err)
			require.EqualValues(t, 1, attack.Wait()[0].OK)
			require.Equal(t, strings.ReplaceAll(row.wire, "HOST", strings.TrimPrefix(base, "http://")), <-got)
		})
	}
}
