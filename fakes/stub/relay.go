package stub

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/redact"
)

// Relayed is the route of all requests that no other is for, where there is a [Relay].
const Relayed = "relayed"

// Relay passes requests on to an API that somebody else runs, which is called the
// upstream here. An answer is held whole, so that every fault can act on it. It follows no
// redirection, keeps no cookie, and asks no other host than the one it is given.
type Relay struct {
	// To is where the upstream is: scheme and host, perhaps with a port, and a path that
	// goes before that of each request.
	To string
	// ReadOnly passes on GET and HEAD and nothing else.
	ReadOnly bool
	// PerSecond is how many requests are passed on in any second. Defaults to any number.
	PerSecond int
	// Timeout is how long a whole answer may take. Defaults to 30 s.
	Timeout time.Duration
	// MaxBody is the most bytes of an answer. Defaults to 16 MiB.
	MaxBody int64
	// Roots are who may vouch for the upstream. Defaults to whom this machine trusts.
	Roots *x509.CertPool
	// Recorder keeps what the upstream answers. Optional.
	Recorder Recorder
}

// Recorder keeps answers, in a file for example.
type Recorder interface {
	// See is told of each answer of the upstream, by many goroutines at once.
	See(Passed)
	// Save keeps what was seen so far, and says what that is, a line each.
	Save() (said []string, err error)
}

// Save has the recorder keep what was seen, if there is one. Who closes the fake asks for
// it afterwards.
func (s *Server) Save() (said []string, err error) {
	if s.api.relay == nil || s.api.relay.Recorder == nil {
		return nil, nil
	}
	return s.api.relay.Recorder.Save()
}

// Passed is a request that was passed on, with its answer as the upstream gave it.
type Passed struct {
	Method, Path, Query string // the path as it was sent, escaped
	Status              int
	Header              http.Header
	Body                []byte // decoded
}

// Relaying is c with a relay: what no route is for is passed on, as the route [Relayed].
func (c Config) Relaying(r Relay) Config {
	c.Relay = &r
	c.Routes = append(slices.Clone(c.Routes), Route{Name: Relayed, PassOn: true})
	return c
}

func (r Relay) withDefaults() Relay {
	r.Timeout = cmp.Or(r.Timeout, 30*time.Second)
	r.MaxBody = cmp.Or(r.MaxBody, 16<<20)
	return r
}

// Validate reports all that is wrong with it.
func (r Relay) Validate() error {
	var errs []error
	u, err := url.Parse(r.To)
	switch {
	case err != nil: // its text may hold a password
		errs = append(errs, errors.New("it is no address such as https://api.example.com"))
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		errs = append(errs, fmt.Errorf("%q is not http:// or https:// and a host", redact.Text(r.To)))
	case u.User != nil:
		errs = append(errs, errors.New("it has a name or a password: credentials come with each request, from the service"))
	case u.RawQuery != "" || u.Fragment != "":
		errs = append(errs, fmt.Errorf("%q has more than a host and a path", redact.Text(r.To)))
	}
	if r.PerSecond < 0 || r.Timeout < 0 || r.MaxBody < 0 {
		errs = append(errs, errors.New("PerSecond, Timeout and MaxBody must not be below 0"))
	}
	return errors.Join(errs...)
}

// Host is host:port of the upstream, empty where To is no address.
func (r Relay) Host() string {
	u, err := url.Parse(r.To)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	return u.Host[:len(u.Host)-len(portOf(u))] + ":" + port
}

// portOf is the port of an address with its colon.
func portOf(u *url.URL) string {
	if u.Port() == "" {
		return ""
	}
	return ":" + u.Port()
}

// relay is a Relay at work.
type relay struct {
	Relay
	base      *url.URL
	transport *http.Transport

	mu      sync.Mutex  // guards all below
	recent  []time.Time // of the last PerSecond requests that were passed on
	next    int         // where in recent the oldest is
	trouble map[string]int
}

func newRelay(r Relay) (*relay, error) {
	base, err := url.Parse(r.To)
	if err != nil {
		return nil, errors.New("the relay's address cannot be read") // its text may hold a password
	}
	return &relay{
		Relay: r, base: base, recent: make([]time.Time, r.PerSecond), trouble: map[string]int{},
		transport: &http.Transport{
			// No proxy: who was named is asked, and nobody between.
			TLSClientConfig: &tls.Config{RootCAs: r.Roots}, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second,
			MaxIdleConnsPerHost: 64, MaxConnsPerHost: 1024, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		},
	}, nil
}

func (r *relay) close() {
	if r != nil {
		r.transport.CloseIdleConnections()
	}
}

// Trouble is what kept requests from being answered by the upstream, a line each with how
// often: that is not the doing of whoever sent them.
func (s *Server) Trouble() []string {
	r := s.api.relay
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, what := range slices.Sorted(maps.Keys(r.trouble)) {
		all = append(all, fmt.Sprintf("%s (%d requests)", what, r.trouble[what]))
	}
	return all
}

// maxTrouble is how many kinds of trouble are told apart.
const maxTrouble = 20

func (r *relay) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.trouble[what]; !known && len(r.trouble) >= maxTrouble {
		what = "other trouble"
	}
	r.trouble[what]++
}

// heldBack says why a request may not be passed on; empty: it may.
func (r *relay) heldBack(c *host.Call) string {
	method := c.Request.Method
	switch {
	case r.ReadOnly && method != http.MethodGet && method != http.MethodHead:
		return method + " is not passed on to " + r.base.Host + ", which is somebody else's: GET and HEAD alone are; --allow-load lifts that"
	case c.Request.Header.Get("Upgrade") != "":
		return "a connection that is to become another (Upgrade) is not passed on"
	case r.PerSecond > 0 && !r.take(c.Now):
		return fmt.Sprintf("more than %d requests a second are not passed on to %s, which is somebody else's; --allow-load lifts that", r.PerSecond, r.base.Host)
	}
	return ""
}

// take reports whether fewer than PerSecond were passed on in the second before now.
func (r *relay) take(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if oldest := r.recent[r.next]; !oldest.IsZero() && now.Sub(oldest) < time.Second {
		return false
	}
	r.recent[r.next] = now
	r.next = (r.next + 1) % len(r.recent)
	return true
}

// pass passes a request on and returns the upstream's answer, or one that says why there
// is none. own is the address of the fake itself.
func (r *relay) pass(c *host.Call, own string) httpfault.Answer {
	if why := r.heldBack(c); why != "" {
		r.note(why)
		return problem(http.StatusServiceUnavailable, "held_back", why)
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), r.Timeout)
	defer cancel()
	answer, err := r.ask(ctx, c, own)
	switch {
	case err == nil:
		return answer
	case c.Request.Context().Err() != nil: // its client has let go; nobody hears this
		return problem(http.StatusBadGateway, "abandoned", "the client has let go")
	case ctx.Err() != nil:
		err = fmt.Errorf("%s did not answer whole in %v", r.base.Host, r.Timeout)
	default:
		err = fmt.Errorf("%s: %s", r.base.Host, redact.Text(err.Error()))
	}
	r.note(err.Error())
	status := http.StatusBadGateway
	if ctx.Err() != nil {
		status = http.StatusGatewayTimeout
	}
	return problem(status, "upstream_failed", err.Error())
}

// ask asks the upstream.
func (r *relay) ask(ctx context.Context, c *host.Call, own string) (httpfault.Answer, error) {
	req, err := r.request(ctx, c)
	if err != nil {
		return httpfault.Answer{}, err
	}
	res, err := r.transport.RoundTrip(req)
	if err != nil {
		return httpfault.Answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, r.MaxBody+1))
	switch {
	case err != nil:
		return httpfault.Answer{}, fmt.Errorf("its answer broke off: %w", err)
	case int64(len(body)) > r.MaxBody:
		return httpfault.Answer{}, fmt.Errorf("its answer has more than %d bytes", r.MaxBody)
	}
	if res.StatusCode >= http.StatusInternalServerError {
		r.note(fmt.Sprintf("%s answered %d", r.base.Host, res.StatusCode))
	}
	answer := httpfault.Answer{Status: res.StatusCode, ContentType: res.Header.Get("Content-Type"), Header: r.answered(res, own), Body: body}
	if r.Recorder != nil {
		r.Recorder.See(Passed{
			Method: req.Method, Path: c.Request.URL.EscapedPath(), Query: c.Request.URL.RawQuery,
			Status: res.StatusCode, Header: res.Header.Clone(), Body: bytes.Clone(body),
		})
	}
	return answer, nil
}

// request is a call as the upstream gets it. The body is asked for without encoding, as
// far as the client goes: a fault could not change it otherwise.
func (r *relay) request(ctx context.Context, c *host.Call) (*http.Request, error) {
	in := c.Request
	to := strings.TrimSuffix(r.base.Scheme+"://"+r.base.Host+r.base.EscapedPath(), "/") + in.URL.EscapedPath()
	if in.URL.RawQuery != "" {
		to += "?" + in.URL.RawQuery
	}
	req, err := http.NewRequestWithContext(ctx, in.Method, to, bytes.NewReader(c.Body))
	if err != nil {
		return nil, errors.New("its address cannot be passed on") // the text may hold a secret
	}
	if len(c.Body) == 0 {
		req.Body, req.GetBody = http.NoBody, nil
	}
	req.Header = in.Header.Clone()
	dropHops(req.Header)
	for _, name := range []string{"Accept-Encoding", "Content-Length", "Expect"} {
		req.Header.Del(name)
	}
	if _, said := in.Header["User-Agent"]; !said {
		req.Header["User-Agent"] = nil // or else it would be Go's
	}
	return req, nil
}

// answered are the headers of an answer as the client gets them: a redirection to the
// upstream leads back here.
func (r *relay) answered(res *http.Response, own string) http.Header {
	header := res.Header.Clone()
	dropHops(header)
	for _, name := range []string{"Content-Type", "Content-Length", "Date"} { // written anew
		header.Del(name)
	}
	if res.Request.Method == http.MethodHead && res.ContentLength >= 0 {
		header.Set("Content-Length", strconv.FormatInt(res.ContentLength, 10))
	}
	base := r.base.Scheme + "://" + r.base.Host + strings.TrimSuffix(r.base.EscapedPath(), "/")
	if to := header.Get("Location"); to == base || strings.HasPrefix(to, base+"/") || strings.HasPrefix(to, base+"?") {
		header.Set("Location", own+to[len(base):])
	}
	return header
}

// dropHops takes out what is said from one hop to the next (RFC 9110, 7.6.1).
func dropHops(h http.Header) {
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		h.Del(name)
	}
}
