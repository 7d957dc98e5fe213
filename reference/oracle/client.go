package oracle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Sizes of the client.
const (
	maxHeader   = 64 << 10 // bytes of an answer's headers, where bodies are bounded
	idlePerHost = 64       // connections that are kept open for the next call
	idleInAll   = 1024
	idleTimeout = 30 * time.Second
)

// client asks oracles over HTTP.
type client struct {
	config Config
	http   *http.Client
}

// newClient returns a client with connections of its own. Proxies that the
// environment names are not used: an oracle is asked at its address or not at
// all. HTTP/1.1 alone is spoken, so that a call is a request on a connection.
func newClient(c Config) *client {
	headers := int64(math.MaxInt64) // 0 would be Go's own bound
	if c.MaxBody > 0 {
		headers = maxHeader
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	transport := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: c.CallTimeout}).DialContext,
		TLSHandshakeTimeout:    c.CallTimeout,
		MaxIdleConns:           idleInAll,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: headers,
		Protocols:              &protocols,
	}
	return &client{config: c, http: &http.Client{
		Transport:     once{transport},
		CheckRedirect: redirects(c.RedirectLimit),
	}}
}

// once sends each request at most once. Go's transport sends a GET a second
// time, without a word, when a connection that was used before breaks before an
// answer: the oracle then sees two calls where we count one. It does so only
// with requests whose body it can have again, so each gets an empty one that it
// cannot; nothing of it is sent. The price is that a call fails where a
// connection breaks just as it is used again.
type once struct{ next *http.Transport }

// RoundTrip sends the request.
func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := *r // a RoundTripper may not change what it was given
	sent.Body = io.NopCloser(strings.NewReader(""))
	sent.GetBody = nil
	sent.ContentLength = -1
	sent.TransferEncoding = []string{"identity"} // not chunked, and no look at the body first
	return o.next.RoundTrip(&sent)
}

// CloseIdleConnections is what http.Client's method of that name calls.
func (o once) CloseIdleConnections() { o.next.CloseIdleConnections() }

// redirects returns which redirects are followed.
func redirects(limit int) func(next *http.Request, before []*http.Request) error {
	if limit == 0 {
		return func(*http.Request, []*http.Request) error { return nil }
	}
	return func(next *http.Request, before []*http.Request) error {
		if host(next.URL) != host(before[0].URL) {
			return failed(classStatus, "the answer leads to another host")
		}
		if len(before) > limit {
			return failed(classStatus, "more than %d redirects", limit)
		}
		return nil
	}
}

// host is what calls are bounded by: scheme, name and port.
func host(u *url.URL) string { return u.Scheme + "://" + strings.ToLower(u.Host) }

// endpoint is what a breaker is kept for.
func endpoint(u *url.URL) string { return host(u) + u.EscapedPath() }

// address returns where an oracle is asked about a project.
func address(oracle string, project int64) (*url.URL, *oracleFailure) {
	u, err := url.Parse(oracle)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, failed(classUnexpected, "the oracle's address is none")
	}
	query := u.Query()
	query.Set("project", strconv.FormatInt(project, 10))
	u.RawQuery = query.Encode()
	return u, nil
}

// fetch makes one call and returns the body of the answer.
func (c *client) fetch(ctx context.Context, u *url.URL) ([]byte, *oracleFailure) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, failed(classUnexpected, "the oracle's address is none")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "holdfast-reference")
	request.Header.Set("X-Attempt", "1")
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, broken(ctx, withoutAddress(err))
	}
	defer answer.Body.Close() // what was not read of it closes the connection
	if f := c.head(answer); f != nil {
		return nil, f
	}
	return c.body(ctx, answer)
}

// withoutAddress takes the address off an error of http.Client: it may hold a
// key.
func withoutAddress(err error) error {
	var whole *url.Error
	if errors.As(err, &whole) {
		return whole.Err
	}
	return err
}

// head checks an answer's status and headers.
func (c *client) head(answer *http.Response) *oracleFailure {
	switch status := answer.StatusCode; {
	case status < 200 || status > 299,
		c.config.ValidateAnswers && status != http.StatusOK:
		return &oracleFailure{Class: classStatus, Detail: fmt.Sprintf("status %d", status), status: status}
	case c.config.MaxBody > 0 && answer.ContentLength > c.config.MaxBody:
		return c.tooLarge()
	case c.config.ValidateAnswers && !isJSON(answer.Header.Get("Content-Type")):
		return failed(classPayload, "the answer is not declared to be JSON")
	}
	return nil
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

// body reads the answer's body. The transport has unpacked it, so that what
// counts is its size in memory.
func (c *client) body(ctx context.Context, answer *http.Response) ([]byte, *oracleFailure) {
	var from io.Reader = answer.Body
	if c.config.MaxBody > 0 {
		from = io.LimitReader(from, c.config.MaxBody+1)
	}
	body, err := io.ReadAll(from)
	switch {
	case err != nil:
		return nil, broken(ctx, err)
	case c.config.MaxBody > 0 && int64(len(body)) > c.config.MaxBody:
		return nil, c.tooLarge()
	case c.config.ValidateAnswers && len(body) == 0:
		return nil, failed(classPayload, "the body is empty")
	}
	return body, nil
}

func (c *client) tooLarge() *oracleFailure {
	return failed(classTooLarge, "more than %d bytes", c.config.MaxBody)
}

// close closes the connections that no call uses.
func (c *client) close() { c.http.CloseIdleConnections() }
