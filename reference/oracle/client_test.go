package oracle

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/schema"
)

func TestEveryClassOfFailure(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	raw := func(text string) http.HandlerFunc { // that, and the connection closed
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				io.WriteString(conn, text)
				conn.Close()
			}
		}
	}
	for _, row := range []struct {
		name   string
		answer http.HandlerFunc
		class  failureClass
		detail string
	}{
		{"a server's error", status(503), classStatus, "status 503"},
		{"throttling", status(429), classStatus, "status 429"},
		{"a client's error", status(404), classStatus, "status 404"},
		{"no content", status(204), classStatus, "status 204"},
		{"a redirect that leads nowhere", status(307), classStatus, "status 307"},
		{"no answer", raw(""), classConnection, "ended before the answer did"},
		{"no HTTP", raw("\x00\x01 garbage\r\n\r\n"), classConnection, "no answer that can be read"},
		{"half a body", raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"), classConnection, "ended before"},
		{"half of the chunks", raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"), classConnection, "ended before"},
		{"no length of a chunk", raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{\r\n"), classConnection, "no answer that can be read"},
		{"half a body without a length", raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"project_id\":7,"), classPayload, "not JSON"},
		{"gzip that is none", raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + strings.Repeat("x", 20)), classPayload, "unpacked"},
		{"an empty body", body(""), classPayload, "empty"},
		{"HTML", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>maintenance</html>") }, classPayload, "not declared to be JSON"},
		{"another project", body(strings.Replace(goodBody("oracle-0"), ":7,", ":8,", 1)), classPayload, "another project"},
		{"more than allowed", body(strings.Repeat(" ", int(defaultConfig().MaxBody)) + goodBody("oracle-0")), classTooLarge, "more than 1048576 bytes"},
		{"headers without end", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
			good(w, r)
		}, classConnection, "no answer that can be read"},
	} {
		t.Run(row.name, func(t *testing.T) {
			u := serve(t, map[string]http.HandlerFunc{"oracle-0": row.answer})
			requireFailure(t, one(t, newService(t, nil), u.source("oracle-0")), row.class, row.detail)
		})
	}
}

func TestAnOracleThatCannotBeAsked(t *testing.T) {
	for _, row := range []struct {
		name   string
		from   source
		class  failureClass
		detail string
	}{
		{"nobody listens", source{url: "http://user:secret@127.0.0.1:1/"}, classConnection, "refused"},
		{"no such name", source{url: "http://secret.invalid/"}, classConnection, "has no address"},
		{"no address", source{url: "127.0.0.1:80"}, classUnexpected, "address is none"},
		{"another protocol", source{url: "ftp://127.0.0.1/secret"}, classUnexpected, "address is none"},
		{"a broken address", source{url: "http://[::secret"}, classUnexpected, "address is none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.from.name, row.from.adapter = "oracle-0", schema.AdapterV1
			requireFailure(t, one(t, newService(t, nil), row.from), row.class, row.detail)
		})
	}
	u := serve(t, nil)
	from := u.source("oracle-0")
	from.adapter = "v9"
	requireFailure(t, one(t, newService(t, nil), from), classUnexpected, "adapter is none")
}

func TestACallSaysWhatItIs(t *testing.T) {
	var got *http.Request
	u := serve(t, map[string]http.HandlerFunc{"oracle-0": func(w http.ResponseWriter, r *http.Request) {
		got = r
		good(w, r)
	}})
	from := u.source("oracle-0")
	from.url = strings.Replace(from.url, "http://", "http://user:secret@", 1) + "?key=secret"
	require.Equal(t, statusOK, one(t, newService(t, nil), from).Status)
	require.Equal(t, "GET /oracles/oracle-0/impact?key=secret&project=7", got.Method+" "+got.URL.String())
	require.Equal(t, []string{"1"}, got.Header["X-Attempt"])
	require.Equal(t, "application/json", got.Header.Get("Accept"))
	require.Empty(t, got.TransferEncoding)
	require.Zero(t, got.ContentLength, "a GET without a body")
	user, password, _ := got.BasicAuth()
	require.Equal(t, "user secret", user+" "+password)
}

// counting is a server that answers the first request of each connection, and
// closes the connection when it has read a second one.
type counting struct {
	net.Listener
	requests atomic.Int64
}

func count(t *testing.T) *counting {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &counting{Listener: l}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.converse(conn)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return c
}

func (c *counting) converse(conn net.Conn) {
	defer conn.Close()
	from := bufio.NewReader(conn)
	for n := range 2 {
		if _, err := http.ReadRequest(from); err != nil {
			return
		}
		c.requests.Add(1)
		if n == 0 {
			text := goodBody("oracle-0")
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		}
	}
}

func TestAConnectionThatDiesWhenUsedAgainIsNoSecondCall(t *testing.T) {
	c := count(t)
	s := newService(t, nil)
	from := source{name: "oracle-0", url: "http://" + c.Addr().String(), adapter: schema.AdapterV1}
	require.Equal(t, statusOK, one(t, s, from).Status)
	requireFailure(t, one(t, s, from), classConnection, "")
	require.EqualValues(t, 2, c.requests.Load(), "two calls, two requests")

	// What it is kept from: the same server counts three requests for two calls.
	plain := count(t)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for range 2 {
		answer, err := (&http.Client{Transport: transport}).Get("http://" + plain.Addr().String())
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
	}
	require.EqualValues(t, 3, plain.requests.Load(), "Go's client sends a GET again by itself")
}

func TestRedirectsAreBounded(t *testing.T) {
	var u *upstream
	to := func(path string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, path+"?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
		}
	}
	elsewhere := serve(t, nil)
	var hops atomic.Int64
	u = serve(t, map[string]http.HandlerFunc{
		"once":      to("/oracles/oracle-0/impact"),
		"twice":     to("/oracles/once/impact"),
		"elsewhere": to(elsewhere.URL + "/oracles/oracle-0/impact"),
		"long": func(w http.ResponseWriter, r *http.Request) {
			if hops.Add(1) > 15 { // Go's client alone would stop at 10
				good(w, r)
				return
			}
			to("/oracles/long/impact")(w, r)
		},
	})
	follow := func(s *Service, path string) oracleResult {
		from := u.source("oracle-0")
		from.url = u.URL + "/oracles/" + path + "/impact"
		return one(t, s, from)
	}
	s := newService(t, nil)
	require.Equal(t, statusOK, follow(s, "once").Status)
	before := u.calls.Load()
	requireFailure(t, follow(s, "twice"), classStatus, "more than 1 redirects")
	require.EqualValues(t, 2, u.calls.Load()-before)
	requireFailure(t, follow(s, "elsewhere"), classStatus, "another host")
	require.Zero(t, elsewhere.calls.Load(), "the other host sees nothing")

	s = newService(t, func(c *Config) { c.RedirectLimit, c.ValidateAnswers = 0, false })
	require.Equal(t, statusOK, follow(s, "twice").Status)
	require.Equal(t, statusOK, follow(s, "long").Status)
	require.EqualValues(t, 16, hops.Load())
	require.Equal(t, statusOK, follow(s, "elsewhere").Status)
	require.EqualValues(t, 1, elsewhere.calls.Load())
}

func TestBodiesAreBoundedUnpacked(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	text := strings.Replace(goodBody("oracle-0"), "{", "{"+strings.Repeat(" ", 8<<20), 1)
	_, err := io.WriteString(z, text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.Less(t, packed.Len(), 64<<10)
	u := serve(t, map[string]http.HandlerFunc{"oracle-0": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		body(packed.String())(w, r)
	}})
	requireFailure(t, one(t, newService(t, nil), u.source("oracle-0")), classTooLarge, "more than")
	off := newService(t, func(c *Config) { c.MaxBody = 0 })
	require.Equal(t, statusOK, one(t, off, u.source("oracle-0")).Status, "without a bound all of it is read")
}

func TestWithoutABoundHeadersMayBeLong(t *testing.T) {
	u := serve(t, map[string]http.HandlerFunc{"oracle-0": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 11<<20)) // Go's own bound is 10 MiB
		good(w, r)
	}})
	off := newService(t, func(c *Config) { c.MaxBody = 0 })
	require.Equal(t, statusOK, one(t, off, u.source("oracle-0")).Status)
}

func TestWithoutValidationWhateverCameIsPassedOn(t *testing.T) {
	for _, row := range []struct{ body, want string }{
		{`{"data":{"score":"high"},"data":null}`, "null"},
		{`{"score":1}`, `{"score":1}`},
		{`null`, "null"},
		{"NaN", `"NaN"`},
		{"", `""`},
	} {
		u := serve(t, map[string]http.HandlerFunc{"oracle-0": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, row.body) }})
		r := one(t, newService(t, func(c *Config) { c.ValidateAnswers = false }), u.source("oracle-0"))
		require.Equal(t, statusOK, r.Status, r.Detail)
		require.Equal(t, row.want, string(r.Data))
	}
}
