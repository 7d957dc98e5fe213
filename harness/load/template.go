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
// In Path, the values of Header and Body, {name} stands for the value that the
// variable of that name has in a request: the same wherever it stands in that
// request. Two opening braces are one that means nothing, and a brace that no
// name follows means nothing either. What a value brings is escaped for its place,
// so that it cannot become more than a value: in the path, in the query, in a
// JSON string, in a form.
//
// Body is JSON if its Content-Type says so or, where there is none, if it reads as
// JSON. There {name} stands inside of strings alone, and a string that is nothing
// but "{name:int}" becomes a number.
type Template struct {
	Method string            `json:"method,omitempty"` // defaults to GET
	Path   string            `json:"path"`             // with its query
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`
	Vars   map[string]Var    `json:"vars,omitempty"`
}

// Validate reports all that is wrong with t, joined.
func (t Template) Validate() error {
	_, err := t.compile()
	return err
}

// compiled is a [Template] that was understood.
type compiled struct {
	method string
	names  []string // of the variables in use, sorted
	vars   []variable
	path   placeholder.Bound
	header []headerPattern
	body   placeholder.Bound
	bare   bool // it has no body
}

type headerPattern struct {
	name  string
	value placeholder.Bound
}

var (
	methodForm = regexp.MustCompile(`^[A-Za-z-]+$`)
	headerForm = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// compile reads t and reports all that is wrong with it.
func (t Template) compile() (*compiled, error) {
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
	c := &compiled{method: t.Method, bare: t.Body == ""}
	for _, name := range slices.Sorted(maps.Keys(t.Vars)) {
		v, err := t.Vars[name].compile()
		note("variable "+name, err)
		c.names, c.vars = append(c.names, name), append(c.vars, v)
	}
	bind := func(where string, p placeholder.Pattern) placeholder.Bound {
		bound, err := p.Bind(c.names)
		note(where, err)
		note(where, c.fits(p))
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
	body, err := t.bodyPattern()
	note("body", err)
	c.body = bind("body", body)
	return c, errors.Join(errs...)
}

// fits reports the values that cannot stand where the pattern has them.
func (c *compiled) fits(p placeholder.Pattern) error {
	var errs []error
	for _, spot := range p.Spots() {
		if i, known := slices.BinarySearch(c.names, spot.Name); known {
			errs = append(errs, fits(spot, c.vars[i]))
		}
	}
	return errors.Join(errs...)
}

// fits reports why a variable's values cannot stand in a place.
func fits(s placeholder.Spot, v variable) error {
	switch {
	case s.Kind != "" && s.Kind != "int":
		return fmt.Errorf("{%s:%s}: there is no such kind, only int", s.Name, s.Kind)
	case s.Kind == "int" && !s.Number:
		return fmt.Errorf(`{%s:int} is a number only as a whole string of a JSON body, "{%s:int}"`, s.Name, s.Name)
	case v == nil: // which is reported already
	case s.Number && !v.every(isInteger):
		return fmt.Errorf("{%s:int}: not every value of %s is a whole number", s.Name, s.Name)
	case s.Header && !v.every(isHeaderText):
		return fmt.Errorf("{%s}: a value of %s has a line break or another control character", s.Name, s.Name)
	}
	return nil
}

// bodyPattern reads the body as what its Content-Type says that it is.
func (t Template) bodyPattern() (placeholder.Pattern, error) {
	kind := ""
	for name, value := range t.Header {
		if http.CanonicalHeaderKey(name) == "Content-Type" {
			kind = value
		}
	}
	switch {
	case t.Body == "":
		return nil, nil
	case strings.Contains(kind, "json"), kind == "" && json.Valid([]byte(t.Body)):
		if !json.Valid([]byte(t.Body)) {
			return nil, errors.New(`it is declared as JSON and is none; placeholders stand inside of strings, a number is "{name:int}"`)
		}
		return placeholder.JSON(t.Body), nil
	case strings.Contains(kind, "x-www-form-urlencoded"):
		return placeholder.Query(t.Body), nil
	}
	return placeholder.Text(t.Body), nil
}

// request is request n of a stream. Each variable has draws of its own, so that
// one more variable changes no other's values.
func (c *compiled) request(n int64, r *rand.Rand) Request {
	values := make([]string, len(c.vars))
	if len(values) > 0 {
		base := r.Uint64()
		pcg := new(rand.PCG)
		own := rand.New(pcg)
		for i, v := range c.vars {
			pcg.Seed(base, streamSeed(0, c.names[i]))
			values[i] = v.value(n, own)
		}
	}
	request := Request{Method: c.method, Path: c.path.Fill(values)}
	if len(c.header) > 0 {
		request.Header = make(http.Header, len(c.header))
		for _, h := range c.header {
			request.Header[h.name] = []string{h.value.Fill(values)}
		}
	}
	if !c.bare {
		request.Body = []byte(c.body.Fill(values))
	}
	return request
}
