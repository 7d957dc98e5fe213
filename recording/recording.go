// Package recording keeps what an API answered as the routes of a stub that plays it:
// without secrets and personal data, a route for each method and path, whose values are
// places.
//
// Enter at [New]; [Recording.See] is told of each answer, [Recording.Routes] is what came
// of them. What is not kept is named by [Recording.Left], what was taken out by
// [Recording.Found].
package recording

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"holdfast.dev/holdfast/redact"
	"holdfast.dev/holdfast/traffic"
)

// What is kept of one API.
const (
	maxRoutes = 500
	maxJSON   = 256 << 10 // of one answer
	maxText   = 32 << 10
	maxAll    = 16 << 20
)

// Answer is what an API answered to a request.
type Answer struct {
	Method, Path string // the path as it was sent, escaped
	Status       int
	Header       http.Header
	Body         []byte
}

// Route is one kind of request with the first good answer to it.
type Route struct {
	Name         string // letters, digits and _
	Method, Path string // the path with places: /users/{id}
	Status       int
	// ContentType is empty where the form of the body says it.
	ContentType string
	// JSON and Text are the body, of which one is set, as a stub has them: places of
	// the path in braces.
	JSON, Text string
	// Different is how many different good answers there were, at least.
	Different int
}

// Recording is what was seen so far. It may be told by many goroutines.
type Recording struct {
	mu       sync.Mutex // guards all below
	stripper redact.Stripper
	seed     maphash.Seed
	routes   map[[2]string]*seen
	left     map[string]string // why a route is not kept, by method and path
	bytes    int
}

// seen is a route with what tells its answers apart.
type seen struct {
	Route
	bodies map[uint64]bool
}

// New is a recording of nothing.
func New() *Recording {
	return &Recording{seed: maphash.MakeSeed(), routes: map[[2]string]*seen{}, left: map[string]string{}}
}

// See takes note of an answer.
func (r *Recording) See(a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path, values := r.template(a.Path)
	at := [2]string{a.Method, path}
	if s, known := r.routes[at]; known {
		if good(a.Status) && len(s.bodies) < maxRoutes {
			s.bodies[r.sum(a)] = true
		}
		return
	}
	label := a.Method + " " + path
	switch {
	case !good(a.Status):
		r.leave(label, fmt.Sprintf("it was never answered with 2xx, but with %d", a.Status))
		return
	case len(r.routes) == maxRoutes:
		r.leave("others", fmt.Sprintf("there are more than %d routes", maxRoutes))
		return
	}
	s := &seen{Route: Route{Method: a.Method, Path: path, Status: a.Status}, bodies: map[uint64]bool{r.sum(a): true}}
	if why := r.body(&s.Route, a, label, values); why != "" {
		r.leave(label, why)
		return
	}
	if r.bytes += len(s.JSON) + len(s.Text); r.bytes > maxAll {
		r.leave(label, fmt.Sprintf("there are more than %d MiB of answers", maxAll>>20))
		return
	}
	r.routes[at] = s
	delete(r.left, label)
}

func good(status int) bool { return status >= 200 && status <= 299 }

func (r *Recording) sum(a Answer) uint64 { return maphash.Bytes(r.seed, a.Body) }

func (r *Recording) leave(label, why string) {
	if len(r.left) < maxRoutes {
		r.left[label] = why
	}
}

// template is a path with places, in which no part is a secret or anybody's.
func (r *Recording) template(path string) (string, map[string]string) {
	path = "/" + strings.TrimPrefix(path, "/")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if stripped := r.stripper.String("a path", "", segment); stripped != segment {
			segments[i] = "%20" // a value, whatever it looked like
		}
	}
	return traffic.Template(strings.Join(segments, "/"))
}

// body keeps the body of an answer, or says why it is not kept.
func (r *Recording) body(route *Route, a Answer, label string, values map[string]string) string {
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	body := bytes.TrimPrefix(a.Body, []byte("\ufeff"))
	switch {
	case a.Header.Get("Content-Encoding") != "":
		return "it is encoded as " + a.Header.Get("Content-Encoding")
	case len(bytes.TrimSpace(body)) == 0 || a.Method == http.MethodHead:
		return ""
	case isJSON(kind, body) && len(body) <= maxJSON:
		body = r.stripper.JSON(label, body)
		route.JSON = string(echo(escape(body), values))
		if kind != "application/json" {
			route.ContentType = a.Header.Get("Content-Type")
		}
	case isJSON(kind, body) || len(body) > maxText && utf8.Valid(body):
		return fmt.Sprintf("its answer has %d bytes", len(body))
	case !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0:
		return "its answer is binary, " + cmp.Or(kind, "of no content type")
	default:
		route.Text = strings.ReplaceAll(r.stripper.String(label+" body", "", string(body)), "{", "{{")
		if kind != "text/plain" {
			route.ContentType = a.Header.Get("Content-Type")
		}
	}
	return ""
}

func isJSON(kind string, body []byte) bool {
	named := kind == "application/json" || strings.HasSuffix(kind, "+json") || kind == ""
	return named && json.Valid(body)
}

// escape doubles the braces in the texts of a JSON value, where they would be places.
func escape(body []byte) []byte {
	var out bytes.Buffer
	inside := false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\\' && inside:
			out.WriteByte(c)
			i++
		case c == '"':
			inside = !inside
		case c == '{' && inside:
			out.WriteByte(c)
		}
		out.WriteByte(body[i])
	}
	return out.Bytes()
}

// Routes are those that are kept, by their paths.
func (r *Recording) Routes() []Route {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Route
	for _, s := range r.routes {
		route := s.Route
		route.Different = len(s.bodies)
		all = append(all, route)
	}
	slices.SortFunc(all, func(a, b Route) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	taken := map[string]int{}
	for i := range all {
		name := nameOf(all[i])
		if taken[name]++; taken[name] > 1 {
			name = fmt.Sprintf("%s_%d", name, taken[name])
			taken[name]++
		}
		all[i].Name = name
	}
	return all
}

// nameOf is the name of a route: get_users_id.
func nameOf(r Route) string {
	words := strings.FieldsFunc(strings.ToLower(r.Method)+"_"+r.Path, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')
	})
	name := strings.Join(words, "_")
	return name[:min(len(name), 60)]
}

// Left are the routes that are not kept, each with why.
func (r *Recording) Left() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, label := range slices.Sorted(maps.Keys(r.left)) {
		all = append(all, label+": "+r.left[label])
	}
	return all
}

// Found is what was taken out.
func (r *Recording) Found() []redact.Found {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stripper.Found()
}
