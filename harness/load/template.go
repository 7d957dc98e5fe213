package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"holdfast.dev/holdfast/placeholder"
)

// Template is a stream's requests as data, where a function need not be written.
//
// In Path, the values of Header, and the body, {name} stands for the value that the
// variable of that name has in a request: the same wherever it stands in that
// request. Two opening braces are one that means nothing, and a brace that no
// name follows means nothing either. What a value brings is escaped for its place,
// so that it cannot become more than a value: in the path, in the query, in a
// JSON string, in a form.
//
// The body is one of Body, JSON and Form. Body is JSON if its Content-Type says so or,
// where there is none, if it reads as JSON. In JSON {name} stands inside of strings
// alone, and a string that is nothing but "{name:int}" becomes a number.
type Template struct {
	Method string            `json:"method,omitempty"` // defaults to GET
	Path   string            `json:"path"`             // with its query
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"` // as it is
	// JSON is a body with the Content-Type application/json, unless Header has another.
	JSON json.RawMessage `json:"json,omitempty"`
	// Form is a body of the type application/x-www-form-urlencoded: its fields, which
	// are sent in alphabetical order.
	Form map[string]string `json:"form,omitempty"`
	Vars map[string]Var    `json:"vars,omitempty"`
	// Given are names whose values are known only when the load begins
	// ([Config.Values]): what was captured while the target was set up, secrets.
	Given []string `json:"given,omitempty"`
}

// Validate reports all that is wrong with t, joined.
func (t Template) Validate() error {
	_, err := t.compile()
	return err
}

// compiled is a [Template] that was understood.
type compiled struct {
	method string
	names  []string   // of the values in use, sorted
	vars   []variable // nil: it is given
	path   placeholder.Bound
	header []headerPattern
	body   bodyPattern
	spots  map[string]fitting // of the names that are given
}

type headerPattern struct {
	name  string
	value placeholder.Bound
}

var (
	methodForm = regexp.MustCompile(`^[A-Za-z-]+$`)
	headerForm = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// compile reads t and reports all that is wrong with it. Further names may be given,
// beside t's own.
func (t Template) compile(given ...string) (*compiled, error) {
	c := &compiled{method: t.Method, spots: make(map[string]fitting)}
	var errs []error
	note := func(where string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		}
	}
	if t.Method != "" && !methodForm.MatchString(t.Method) {
		note("method", fmt.Errorf("%q is none", t.Method))
	}
	if !strings.HasPrefix(t.Path, "/") || strings.HasPrefix(t.Path, "//") {
		note("path", fmt.Errorf("%q does not begin with a single /", t.Path))
	}
	errs = append(errs, c.know(t.Vars, slices.Concat(t.Given, given)))
	bind := func(where string, p placeholder.Pattern) placeholder.Bound {
		bound, err := c.bind(p)
		note(where, err)
		return bound
	}
	c.path = bind("path", placeholder.Path(t.Path))
	for _, name := range slices.Sorted(maps.Keys(t.Header)) {
		if !headerForm.MatchString(name) || !isHeaderText(t.Header[name]) {
			note("header "+name, errors.New("its name is not one word, or its value has a control character"))
		}
		canonical := http.CanonicalHeaderKey(name)
		c.header = append(c.header, headerPattern{canonical, bind("header "+canonical, placeholder.Header(t.Header[name]))})
	}
	kind, err := c.readBody(t, bind)
	note("body", err)
	if kind != "" && t.contentType() == "" {
		c.header = append(c.header, headerPattern{"Content-Type", bind("header Content-Type", placeholder.Header(kind))})
	}
	return c, errors.Join(errs...)
}

// know takes note of the names that have values: variables, and what is given.
func (c *compiled) know(vars map[string]Var, given []string) error {
	var errs []error
	all := make(map[string]variable, len(vars)+len(given))
	for _, name := range given {
		all[name] = nil
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if _, twice := all[name]; twice {
			errs = append(errs, fmt.Errorf("variable %s: its name is that of a value which is given", name))
		}
		v, err := vars[name].compile()
		if err != nil {
			v = broken{}
			errs = append(errs, fmt.Errorf("variable %s: %w", name, err))
		}
		all[name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c.names, c.vars = append(c.names, name), append(c.vars, all[name])
	}
	return errors.Join(errs...)
}

// broken is a variable of which it was reported already what is wrong with it.
type broken struct{}

func (broken) value(int64, *rand.Rand) string { return "" }
func (broken) every(func(string) bool) bool   { return true }

// bind finds the values of a pattern, and reports those that there are not and those
// that cannot stand where the pattern has them.
func (c *compiled) bind(p placeholder.Pattern) (placeholder.Bound, error) {
	bound, err := p.Bind(c.names)
	errs := []error{err}
	for _, spot := range p.Spots() {
		if i, known := slices.BinarySearch(c.names, spot.Name); known {
			errs = append(errs, c.place(spot, c.vars[i]))
		}
	}
	return bound, errors.Join(errs...)
}

// place reports why a value cannot stand in a place; of one that is given it takes
// note of what it must be.
func (c *compiled) place(s placeholder.Spot, v variable) error {
	switch {
	case s.Kind != "" && s.Kind != "int":
		return fmt.Errorf("{%s:%s}: there is no such kind, only int", s.Name, s.Kind)
	case s.Kind == "int" && !s.Number:
		return fmt.Errorf(`{%s:int} is a number only as a whole string of a JSON body, "{%s:int}"`, s.Name, s.Name)
	case v == nil:
		fits := c.spots[s.Name]
		c.spots[s.Name] = fitting{fits.number || s.Number, fits.header || s.Header}
	case s.Number && !v.every(isInteger):
		return fmt.Errorf("{%s:int}: not every value of %s is a whole number", s.Name, s.Name)
	case s.Header && !v.every(isHeaderText):
		return fmt.Errorf("{%s}: a value of %s has a line break or another control character", s.Name, s.Name)
	}
	return nil
}

// fitting is what a value that is given must be, for the places where it stands.
type fitting struct{ number, header bool }

// check reports why a value does not fit. It does not tell the value: it may be a
// secret.
func (f fitting) check(name, value string) error {
	switch {
	case f.number && !isInteger(value):
		return fmt.Errorf("{%s:int}: its value is no whole number", name)
	case f.header && !isHeaderText(value):
		return fmt.Errorf("{%s}: its value has a line break or another control character and cannot stand in a header", name)
	}
	return nil
}

// given is the value of a name that is no variable; false where nobody knows it.
type given func(name string) (string, bool)

// nothing is given.
func nothing(string) (string, bool) { return "", false }

// request is request n of a stream. Each variable has draws of its own, so that
// one more variable changes no other's values. A name that is given and that nobody
// knows stays as it is written.
func (c *compiled) request(n int64, r *rand.Rand, known given) Request {
	values := c.draw(n, r, known)
	request := c.filled(values)
	if slices.Contains(c.vars, nil) {
		request.shown = func() Request { return c.shown(values) }
	}
	return request
}

// shown is the request with the names of values that are given.
func (c *compiled) shown(values []string) Request {
	masked := slices.Clone(values)
	for i, v := range c.vars {
		if v == nil {
			masked[i] = "{" + c.names[i] + "}"
		}
	}
	r := c.filled(masked)
	r.Path = strings.NewReplacer("%7B", "{", "%7D", "}").Replace(r.Path)
	return r
}

// filled is the request with these values.
func (c *compiled) filled(values []string) Request {
	request := Request{Method: c.method, Path: c.path.Fill(values)}
	if len(c.header) > 0 {
		request.Header = make(http.Header, len(c.header))
		for _, h := range c.header {
			request.Header[h.name] = []string{h.value.Fill(values)}
		}
	}
	request.Body = c.body.fill(values)
	return request
}

// draw returns the values of the names, in their order.
func (c *compiled) draw(n int64, r *rand.Rand, known given) []string {
	values := make([]string, len(c.names))
	if len(values) == 0 {
		return nil
	}
	base := r.Uint64()
	pcg := new(rand.PCG)
	own := rand.New(pcg)
	for i, v := range c.vars {
		name := c.names[i]
		if v == nil {
			value, ok := known(name)
			if !ok {
				value = "{" + name + "}"
			}
			values[i] = value
			continue
		}
		pcg.Seed(base, streamSeed(0, name))
		values[i] = v.value(n, own)
	}
	return values
}
