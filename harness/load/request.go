package load

import "net/http"

// Request is one request as its stream wants it. Nothing of it is changed, so
// requests may share headers and bodies.
type Request struct {
	// Method defaults to GET.
	Method string
	// Path is the path with its query, escaped where it must be. It begins with
	// a single slash and is appended to [Config.BaseURL]: a request cannot go
	// anywhere else.
	Path   string
	Header http.Header
	Body   []byte

	cookies string         // of the session or the journey that it belongs to
	shown   func() Request // as people may see it; nil: as it is
}

// Shown is the request as it may be shown and kept: a value that was given to it or
// captured stands as its name in braces, for it may be a secret.
func (r Request) Shown() Request {
	if r.shown == nil {
		return r
	}
	return r.shown()
}
