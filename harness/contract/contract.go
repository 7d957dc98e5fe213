// Package contract is what a service promises of its answers, as data: its routes,
// and for each the statuses, headers and bodies that an answer may have. Bodies are
// described by JSON Schema, routes as [net/http.ServeMux] writes them, so that both
// can be made from an OpenAPI file as well as by hand.
//
// A [Contract] is compiled once ([Contract.Compile]) and then asked of each answer
// ([Compiled.Judge]). What holds of any answer over HTTP, whoever gives it, is
// asked by [Orderly] and needs no contract.
package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"holdfast.dev/holdfast/harness/load"
)

// Contract is what a service promises. The zero value promises nothing.
type Contract struct {
	Routes []Route
	Page
}

// Page is what a service promises of its page of metrics.
type Page struct {
	Counters []Counter
	// FromStart promises that each series of a counter is there from the start, as 0, so
	// that a rule about the first failure has something to grow from.
	FromStart bool
	// Idle are gauges of what is under way: each is 0 when all is over.
	Idle []Series
}

// Series is one of a page in Prometheus's text format; the values of all that match
// are added up.
type Series struct {
	Name   string
	Labels map[string]string
}

// Counter is a counter of the service's metrics that tells how often a route gave
// an answer: it must not differ from how often that was seen from outside.
type Counter struct {
	Series
	// Pattern is that of the route, Statuses those that are counted. Defaults to all.
	Pattern  string
	Statuses []int
	// Where narrows it to answers whose body says so. Optional.
	Where *Where
}

// Counts reports whether an answer of that status to that route is one of those counted,
// as far as its body says so.
func (c Counter) Counts(pattern string, status int) bool {
	return c.Pattern == pattern && (len(c.Statuses) == 0 || slices.Contains(c.Statuses, status))
}

// Where is what a member of a JSON body is.
type Where struct {
	// Member is the path of names that leads to it, with dots, for example error.code.
	Member string
	// Is its value, as text: that of a string, or true, false, null or a number.
	Is string
}

// Of reports whether a body says so; known is false where it is no JSON. A body
// without the member says something else.
func (w Where) Of(body []byte) (is, known bool) {
	value, known := load.JSONValue(body, w.Member)
	if value == nil || value[0] != '"' {
		return value != nil && string(value) == w.Is, known
	}
	var text string
	return json.Unmarshal(value, &text) == nil && text == w.Is, known
}

// String is the series as Prometheus writes it.
func (s Series) String() string {
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		labels = append(labels, fmt.Sprintf("%s=%q", name, s.Labels[name]))
	}
	if len(labels) == 0 {
		return s.Name
	}
	return s.Name + "{" + strings.Join(labels, ",") + "}"
}

// Route is one kind of question.
type Route struct {
	// Pattern is the method and the path, for example "GET /projects/{id}/impact".
	Pattern string
	Answers []Answer
}

// Answer is one kind of answer to it.
type Answer struct {
	Statuses []int
	// MediaType of the body, without parameters, for example application/json.
	// Defaults to any.
	MediaType string
	// Headers that it must have.
	Headers []string
	// Schema is the JSON Schema of the body. Defaults to any body.
	Schema string
}

// Compiled is a contract that can be held against answers. It may be used from many
// goroutines at once.
type Compiled struct {
	Page

	mux    *http.ServeMux
	routes map[string][]compiled // by pattern
}

// compiled is an answer with its schema.
type compiled struct {
	Answer
	schema  *jsonschema.Schema // nil: any body
	members *members           // the quick way to judge it; nil: there is none
}

// Compile reports all that is wrong with the contract as data, joined.
func (c Contract) Compile() (*Compiled, error) {
	out := &Compiled{Page: c.Page, mux: http.NewServeMux(), routes: map[string][]compiled{}}
	var errs []error
	for _, r := range c.Routes {
		if err := out.route(r.Pattern); err != nil {
			errs = append(errs, err)
			continue
		}
		for i, a := range r.Answers {
			schema, members, err := compile(fmt.Sprintf("%s answer %d", r.Pattern, i+1), a.Schema)
			if err != nil {
				errs = append(errs, fmt.Errorf("route %s, status %v: %w", r.Pattern, a.Statuses, err))
			}
			out.routes[r.Pattern] = append(out.routes[r.Pattern], compiled{a, schema, members})
		}
	}
	for _, counter := range c.Counters {
		if counter.Name == "" || out.routes[counter.Pattern] == nil {
			errs = append(errs, fmt.Errorf("the counter %q tells of %q, which is no route of the contract", counter.Name, counter.Pattern))
		}
	}
	return out, errors.Join(errs...)
}

// Has reports whether the contract has a route, by its pattern.
func (c *Compiled) Has(pattern string) bool { return c.routes[pattern] != nil }

// route enters a pattern. A mux panics where it takes none.
func (c *Compiled) route(pattern string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("route %q: %v", pattern, p)
		}
	}()
	if method, path, ok := strings.Cut(pattern, " "); !ok || method == "" || !strings.HasPrefix(path, "/") {
		return fmt.Errorf("route %q is not a method and a path, for example GET /items/{id}", pattern)
	}
	c.mux.Handle(pattern, http.NotFoundHandler())
	return nil
}

// compile reads a schema; nil where there is none.
func compile(name, text string) (*jsonschema.Schema, *members, error) {
	if text == "" {
		return nil, nil, nil
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, nil, fmt.Errorf("read the schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	where := "mem:///" + url.PathEscape(name)
	if err := compiler.AddResource(where, doc); err != nil {
		return nil, nil, fmt.Errorf("read the schema: %w", err)
	}
	schema, err := compiler.Compile(where)
	if err != nil {
		return nil, nil, err
	}
	return schema, membersOf(doc, schema), nil
}

// Pattern is the route that a request goes to, empty if the contract has none.
func (c *Compiled) Pattern(method, path string) string {
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return ""
	}
	if method == "" {
		method = http.MethodGet
	}
	_, pattern := c.mux.Handler(&http.Request{Method: method, URL: u, Host: "target"})
	return pattern
}

// Judge says how an answer to a request is not as any must be, as [Orderly] does, or
// breaks the contract; nil if it does neither. A route that the contract does not know
// promises nothing more.
func (c *Compiled) Judge(method, path string, status int, header http.Header, body []byte) error {
	answers := c.routes[c.Pattern(method, path)]
	i := slices.IndexFunc(answers, func(a compiled) bool { return slices.Contains(a.Statuses, status) })
	read := i >= 0 && answers[i].schema != nil // then to be JSON is part of it, and is looked at once
	if err := orderly(status, header, body, !read); err != nil || len(answers) == 0 {
		return err
	}
	if i < 0 {
		return fmt.Errorf("its status is %d, and the contract has %s", status, statuses(answers))
	}
	return answers[i].judge(header, body)
}

func statuses(answers []compiled) string {
	var all []string
	for _, a := range answers {
		for _, s := range a.Statuses {
			all = append(all, fmt.Sprint(s))
		}
	}
	return strings.Join(all, ", ")
}
