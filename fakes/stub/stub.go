package stub

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"holdfast.dev/holdfast/fakes/host"
	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/message"
)

// Server is a fake that is running.
type Server struct {
	*host.Host
	api *api
}

// Start starts the fake. It runs until Close.
func Start(c Config) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("stub: %w", err)
	}
	c = c.withDefaults()
	a := &api{seed: c.Seed, log: c.Log, values: maps.Clone(c.Values), judged: c.Judge, calls: calls{most: c.KeepCallBytes}, ready: make(chan struct{})}
	if a.values == nil {
		a.values = map[string]string{}
	}
	known := names{slices.Collect(maps.Keys(c.Values))}
	for _, given := range c.Given {
		if _, ok := c.Values[given]; !ok {
			known.given = append(known.given, given)
		}
	}
	for _, r := range c.Routes {
		compiled, err := compile(r, known)
		if err != nil {
			return nil, fmt.Errorf("stub: route %s: %w", r.Name, err)
		}
		a.routes = append(a.routes, compiled)
	}
	slices.SortStableFunc(a.routes, byParticularity)
	if c.Relay != nil {
		var err error
		if a.relay, err = newRelay(*c.Relay); err != nil {
			return nil, fmt.Errorf("stub: %w", err)
		}
	}
	h, err := host.Start(c.Config, a)
	if err != nil {
		return nil, fmt.Errorf("stub: %w", err)
	}
	a.callbacks = newCallbacks(c, h.Journal().Start())
	maps.Copy(a.values, Values(h.URL(0)))
	for _, r := range a.routes {
		if err := r.checkKey(a.values); err != nil {
			h.Close()
			return nil, fmt.Errorf("stub: route %s: %w", r.Name, err)
		}
	}
	close(a.ready)
	return &Server{Host: h, api: a}, nil
}

// Close ends every request, connection and callback, and returns when nothing of the
// fake is left. It may be called more than once.
func (s *Server) Close() {
	s.api.callbacks.close()
	s.Host.Close()
	s.api.relay.close()
}

// Values are where a fake is found, by the names that texts have for that.
func Values(url string) map[string]string {
	address := strings.TrimPrefix(url, "http://")
	name, port, _ := net.SplitHostPort(address) // a host's URL has a port
	return map[string]string{"url": url, "address": address, "host": name, "port": port}
}

// api is the API as it would be without faults.
type api struct {
	seed      uint64
	log       func(string)
	routes    []*route // the more particular first
	values    map[string]string
	judged    Judge         // nil: nobody looks
	ready     chan struct{} // closed when values and callbacks are there
	callbacks *callbacks
	relay     *relay // nil: there is none

	mu      sync.Mutex // guards what follows
	calls   calls
	invalid invalids
	told    []string // of what no route was for
	stored  map[stored]answered
	perKey  map[businessKey]map[string]bool // idempotency keys that a business key has borne
	borne   []KeyUse
	without int64 // requests that bore none, each of which counts as one of its own
}

// route is a route, ready to answer.
type route struct {
	Route
	request  *message.Compiled
	keyText  text
	headers  map[string]text
	json     text
	body     text
	webhook  *webhook // nil: there is none
	calls    atomic.Int64
	previous atomic.Pointer[[]byte]
}

func compile(r Route, known names) (*route, error) {
	request, err := r.Request.Compile()
	if err != nil {
		return nil, err
	}
	place := known.in(r)
	c := &route{Route: r, request: request, keyText: place.ofRequest().text(r.Key), headers: map[string]text{}}
	c.json, c.body = place.json(r.Response.JSON), place.text(r.Response.Text)
	for name, value := range r.Response.Headers {
		c.headers[name] = place.header(value)
	}
	if r.Webhook != nil {
		c.webhook = r.Webhook.compile(place)
	}
	return c, nil
}

// checkKey reports a secret of its webhook that nothing can be signed with.
func (r *route) checkKey(values map[string]string) error {
	if r.webhook == nil || r.webhook.signer == nil {
		return nil
	}
	_, err := r.webhook.signer.key(&exchange{values: values})
	return err
}

// byParticularity orders routes as they are asked.
func byParticularity(a, b *route) int {
	return cmp.Or(byPath(a, b), b.particulars()-a.particulars())
}

// byPath orders literal paths before those with names, and these before any path.
func byPath(a, b *route) int {
	x, hasX := a.request.Path()
	y, hasY := b.request.Path()
	switch {
	case !hasX || !hasY:
		return weigh(hasX, hasY)
	case x.Before(y):
		return -1
	case y.Before(x):
		return 1
	}
	return 0
}

func weigh(first, second bool) int {
	switch {
	case first == second:
		return 0
	case first:
		return -1
	}
	return 1
}

// particulars is how much a route asks beside the path.
func (r *route) particulars() int {
	n := r.request.Conditions()
	if r.Request.Method != "" {
		n++
	}
	return n
}

// exchange is one request with what is known of it, as texts are filled from it: the
// answer's, and whatever else is to be said about it.
type exchange struct {
	message *message.Message
	route   *route // nil: none is for it
	key     string
	unkeyed bool // its route has a key, and the request does not
	why     []string
	n       int64
	attempt int
	seed    uint64
	values  map[string]string
	payload uint64
	done    bool // its work was done
}

// fingerprint tells requests apart that have no key of their own.
func (x *exchange) fingerprint(query string) string {
	m := x.message
	if len(m.Body) == 0 && query == "" {
		return m.Method + " " + m.Path
	}
	return fmt.Sprintf("%s %s %016x", m.Method, m.Path, httpfault.Hash(0, query, string(m.Body)))
}
