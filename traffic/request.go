package traffic

import (
	"net/http"
	"net/textproto"
	"strings"
)

// Request is one request.
type Request struct {
	Method string
	// Host is whom it was sent to, where that is known.
	Host string
	// Path is as it was asked; in a [Route] it is the route's, with {places}.
	Path string
	// Query is what stands behind the question mark, as it was sent.
	Query  string
	Header http.Header
	Body   string
}

// mostBody bounds the body of an example.
const mostBody = 16 << 10

// requestOf is a request for what stands in the first line of one: /a?b, or a whole
// address as proxies are asked.
func requestOf(method, target string) Request {
	if !strings.HasPrefix(target, "/") {
		target = pathOf(target)
	}
	target, _, _ = strings.Cut(target, "#")
	path, query, _ := strings.Cut(target, "?")
	path, _, _ = strings.Cut(path, ";") // jsessionid
	return Request{Method: method, Path: path, Query: query}
}

// setHeader adds a header, but for those that a client makes itself.
func (r *Request) setHeader(name, value string) {
	name = textproto.CanonicalMIMEHeaderKey(name)
	switch {
	case strings.HasPrefix(name, ":"), strings.HasPrefix(name, "Sec-"):
		return
	}
	switch name {
	case "Host", "Content-Length", "Connection", "Accept-Encoding", "Transfer-Encoding", "Keep-Alive", "Upgrade-Insecure-Requests", "Te", "Priority", "Pragma", "Cache-Control", "Dnt", "User-Agent", "Referer", "Origin", "Accept-Language", "If-None-Match", "If-Modified-Since":
		return
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Add(name, value)
}

// clone is a request that keeps nothing of the line it was read from.
func (r Request) clone() Request {
	r.Method, r.Path, r.Query = strings.Clone(r.Method), strings.Clone(r.Path), strings.Clone(r.Query)
	if len(r.Body) > mostBody {
		r.Body = ""
	}
	return r
}
