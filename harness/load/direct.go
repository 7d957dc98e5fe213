package load

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"holdfast.dev/holdfast/harness/load/internal/http1"
)

// maxDirect bounds the body of a request that is sent directly, in bytes: what fits
// into the buffers of a fresh connection. The answer to a longer one may come before
// all of it was written.
const maxDirect = 16 << 10

// newDirect returns a client for each address that can be asked in plain text.
func newDirect(life context.Context, pins *pins, b *Balancer) []*http1.Client {
	all := make([]*http1.Client, len(b.addresses))
	dialer := &net.Dialer{KeepAlive: -1}
	for i, to := range b.addresses {
		if to.base.Scheme != "http" {
			continue
		}
		address := net.JoinHostPort(to.base.Hostname(), cmp.Or(to.base.Port(), "80"))
		all[i] = http1.New(life, func(ctx context.Context) (net.Conn, error) { return pins.dial(ctx, dialer, "tcp", address) })
	}
	return all
}

// directly sends a message that was made of a request, and reads its answer.
func (s *caller) directly(ctx context.Context, client *http1.Client, ask Request, sc *scratch) (Answer, error) {
	s.body(sc)
	a := &sc.answer
	a.Start(ask.Method == http.MethodHead)
	deadline, _ := ctx.Deadline()
	err := client.Do(sc.message, deadline, a)
	return Answer{Status: a.Status, Header: a.Header, Body: a.Body.Bytes, length: a.Body.Length}, err
}

// line is a header of a request.
type line struct{ name, value string }

// message appends a request to b as net/http would write it. One that is not plain
// is left to net/http: false.
func (s *caller) message(b []byte, n int64, ask Request, to *address, sc *scratch) ([]byte, bool) {
	method := cmp.Or(ask.Method, http.MethodGet)
	host, agent := cmp.Or(s.own(ask, "Host"), to.template.Host), cmp.Or(s.own(ask, "User-Agent"), userAgent)
	if !plainMethod(method) || !plainPath(ask.Path) || !plainHost(host) || len(ask.Body) > maxDirect || !s.lines(n, ask, sc) {
		return b, false
	}
	b = append(append(b, method...), ' ')
	b = append(append(b, to.prefix...), ask.Path...)
	b = append(append(b, " HTTP/1.1\r\nHost: "...), host...)
	b = append(append(b, "\r\nUser-Agent: "...), agent...)
	b = append(b, "\r\n"...)
	if len(ask.Body) > 0 || method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		b = append(b, "Content-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(ask.Body)), 10), "\r\n"...)
	}
	for _, f := range sc.lines {
		b = append(append(b, f.name...), ": "...)
		b = append(append(b, f.value...), "\r\n"...)
	}
	return append(append(b, "\r\n"...), ask.Body...), true
}

// own is the value that a request has for a header itself.
func (s *caller) own(ask Request, name string) string {
	if _, has := ask.Header[name]; has {
		return ask.Header.Get(name)
	}
	return s.common.Get(name)
}

// userAgent is how net/http names itself.
const userAgent = "Go-http-client/1.1"

// lines collects the headers of a request in sc, sorted by their names, but that of
// the host. It reports false where one is not plain.
func (s *caller) lines(n int64, ask Request, sc *scratch) bool {
	sc.lines = sc.lines[:0]
	for name, values := range s.common {
		if _, own := ask.Header[name]; !own && !sc.add(name, values) {
			return false
		}
	}
	for name, values := range ask.Header {
		if !sc.add(name, values) {
			return false
		}
	}
	if ask.cookies != "" {
		if len(s.common["Cookie"])+len(ask.Header["Cookie"]) > 0 || !sc.add("Cookie", []string{ask.cookies}) {
			return false
		}
	}
	sc.id = strconv.AppendInt(append(append(sc.id[:0], s.name...), '/'), n, 10)
	sc.lines = append(sc.lines, line{HeaderRequest, string(sc.id)})
	if trace := s.traced(n, ask); !trace.none() {
		sc.lines = append(sc.lines, line{headerTrace, trace.parent(s.name)})
	}
	slices.SortStableFunc(sc.lines, func(a, b line) int { return strings.Compare(a.name, b.name) })
	return true
}

// add takes note of the values of a header, and reports false where it is not plain.
func (sc *scratch) add(name string, values []string) bool {
	switch name {
	case "Host", HeaderRequest:
		return true // written elsewhere
	case "User-Agent": // too
		return len(values) == 1 && values[0] != "" && plainValue(values[0])
	case "Connection", "Content-Length", "Expect", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return false
	}
	if !httpguts.ValidHeaderFieldName(name) {
		return false
	}
	for _, value := range values {
		if !plainValue(value) {
			return false
		}
		sc.lines = append(sc.lines, line{name, value})
	}
	return true
}

func plainValue(value string) bool {
	return httpguts.ValidHeaderFieldValue(value) && strings.TrimSpace(value) == value
}

// plainHost reports whether net/http would send a host as it is.
func plainHost(host string) bool {
	return httpguts.ValidHostHeader(host) && strings.IndexFunc(host, func(c rune) bool {
		return c >= 0x7f || c == '%' || c == '/' || c == ' '
	}) < 0
}

func plainMethod(method string) bool {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodHead:
		return true
	}
	return false
}

// plainPath reports whether net/http would send a path as it is.
func plainPath(path string) bool {
	path, query, asked := strings.Cut(path, "?")
	if asked && query == "" {
		return false // the question mark would not be sent
	}
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~/$&+,:;=@", c) >= 0:
		case c == '%' && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2]):
		default:
			return false
		}
	}
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	return true
}
