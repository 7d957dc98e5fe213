package stub

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/fakes/httpfault"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/nearest"
	"holdfast.dev/holdfast/placeholder"
)

// text is a text with places for what is known of one exchange.
type text struct {
	pattern placeholder.Pattern
	values  map[string]value // by name
	err     error
}

// value is what a name stands for, false if this exchange has none.
type value func(*exchange) (string, bool)

// ofAnswers are names that are known once a request has its key.
func ofAnswers() map[string]value {
	return map[string]value{
		"key":     func(x *exchange) (string, bool) { return x.key, true },
		"id":      func(x *exchange) (string, bool) { return x.id(), true },
		"uuid":    func(x *exchange) (string, bool) { return x.uuid(), true },
		"n":       func(x *exchange) (string, bool) { return strconv.FormatInt(x.n, 10), true },
		"attempt": func(x *exchange) (string, bool) { return strconv.Itoa(x.attempt), true },
	}
}

// ofFake are names of the fake itself.
func ofFake() []string { return []string{"url", "host", "port", "address"} }

// names are those beside a request's own.
type names struct{ given []string }

// scope is what may be named at one place.
type scope struct {
	values []string         // of the configuration and of the fake
	own    map[string]value // nil where the key is not known yet
	path   []string         // the names in the route's path; nil: it is not known
	fixed  bool             // nothing of a request may be named
}

// in is what may be named in a route's answer.
func (n names) in(r Route) scope {
	s := scope{values: slices.Concat(n.given, ofFake()), own: ofAnswers(), path: []string{}}
	if template, err := message.ParseTemplate(r.Request.Path); err == nil {
		s.path = template.Names()
	}
	return s
}

// ofRequest is what of it may be named before the request has its key.
func (s scope) ofRequest() scope {
	s.own = nil
	return s
}

func (s scope) text(t string) text   { return s.compile(placeholder.Text(t)) }
func (s scope) header(t string) text { return s.compile(placeholder.Header(t)) }
func (s scope) json(t string) text   { return s.compile(placeholder.JSON(t)) }

// compile finds out what each name of a text stands for.
func (s scope) compile(p placeholder.Pattern) text {
	t := text{pattern: p, values: map[string]value{}}
	var errs []error
	for _, spot := range p.Spots() {
		if spot.Kind != "" && (spot.Kind != "int" || !spot.Number) {
			errs = append(errs, fmt.Errorf("{%s:%s}: a kind is int, and stands in JSON alone between quotes", spot.Name, spot.Kind))
		}
		v, err := s.find(spot.Name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		t.values[spot.Name] = v
	}
	t.err = errors.Join(errs...)
	return t
}

// find returns what a name stands for.
func (s scope) find(name string) (value, error) {
	if slices.Contains(s.path, name) {
		return func(x *exchange) (string, bool) {
			v, ok := x.message.PathValues[name]
			return v, ok
		}, nil
	}
	if v, ok := s.own[name]; ok {
		return v, nil
	}
	if slices.Contains(s.values, name) {
		return func(x *exchange) (string, bool) {
			v, ok := x.values[name]
			return v, ok
		}, nil
	}
	part, rest, dotted := strings.Cut(name, ".")
	if s.fixed || !slices.Contains(message.Parts(), part) {
		return nil, s.unknown(name)
	}
	p, err := message.ParsePath(name)
	switch {
	case err != nil:
		return nil, err
	case part == "status":
		return nil, errors.New("{status}: a request has no status")
	case part == "path" && dotted && !slices.Contains(s.path, rest):
		return nil, fmt.Errorf("{%s}: the route's path has no {%s}%s", name, rest, nearest.Hint(rest, s.path))
	}
	return func(x *exchange) (string, bool) { return p.Of(x.message) }, nil
}

// unknown says of a name that it stands for nothing, and how a brace is written.
func (s scope) unknown(name string) error {
	all := slices.Concat(s.values, s.path)
	if s.fixed {
		return fmt.Errorf("{%s} is nothing that is known of the run%s", name, nearest.Hint(name, all))
	}
	all = append(all, message.Parts()...)
	for own := range s.own {
		all = append(all, own)
	}
	slices.Sort(all)
	return fmt.Errorf("{%s} is nothing that is known of a request%s (a literal brace is {{)", name, nearest.Hint(name, all))
}

// fill is the text for one exchange, and whether it has all that is named in it.
func (t text) fill(x *exchange) (string, bool) {
	whole := true
	filled := t.pattern.Fill(func(name string) (string, bool) {
		v, ok := t.values[name](x)
		whole = whole && ok
		return v, true
	})
	return filled, whole
}

// uses says whether one of these names stands in it.
func (t text) uses(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return t.values[name] != nil })
}

// id is the same for a route and a key in any run of the same seed.
func (x *exchange) id() string {
	return fmt.Sprintf("%016x", httpfault.Hash(x.seed, x.route.Name, x.key))
}

// uuid is the id as a UUID of version 8, which is made as anybody likes.
func (x *exchange) uuid() string {
	id := x.id()
	return id[:8] + "-" + id[8:12] + "-8" + id[12:15] + "-8" + id[15:] + "00-" + id[:12]
}
