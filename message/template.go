package message

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Template is a path with names in it: /rates/{currency}. A name stands for one
// segment or a part of one, and {name...} at the end for all that is left. {{ is
// a literal brace.
type Template struct {
	text    string
	names   []string
	literal string // the whole path, where it has no names
	pattern *regexp.Regexp
	shape   string // see Before
}

var pathName = regexp.MustCompile(`^\{([A-Za-z_][A-Za-z0-9_]*)(\.\.\.)?\}`)

// ParseTemplate reads a path with names in it.
func ParseTemplate(text string) (Template, error) {
	if !strings.HasPrefix(text, "/") {
		return Template{}, fmt.Errorf("path %q does not begin with /", text)
	}
	if strings.ContainsAny(text, "?# ") {
		return Template{}, fmt.Errorf("path %q has a blank, ? or # in it; conditions on the query stand under query", text)
	}
	var d draft
	for rest := text; rest != ""; {
		n, err := d.take(rest)
		if err != nil {
			return Template{}, fmt.Errorf("path %q: %w", text, err)
		}
		rest = rest[n:]
	}
	t := Template{text: text, names: d.names, shape: d.shape.String()}
	if len(t.names) == 0 {
		t.literal = d.literal.String()
		return t, nil
	}
	var err error
	if t.pattern, err = regexp.Compile("^" + d.expression.String() + "$"); err != nil {
		return Template{}, fmt.Errorf("path %q: %w", text, err)
	}
	return t, nil
}

// draft is a template as far as it has been read.
type draft struct {
	literal, expression, shape strings.Builder
	names                      []string
}

// take reads the next piece of what is left, and returns how long it is.
func (d *draft) take(rest string) (int, error) {
	m := pathName.FindStringSubmatch(rest)
	switch {
	case strings.HasPrefix(rest, "{{"):
		d.add("%7B")
		return 2, nil
	case m == nil && rest[0] == '{':
		return 0, errors.New("a name in braces has letters, digits and _ only; a literal brace is {{")
	case m == nil:
		end := 1 + strings.IndexAny(rest[1:]+"{", "{/")
		d.add(canonical(rest[:end]))
		return end, nil
	case slices.Contains(d.names, m[1]):
		return 0, fmt.Errorf("it has the name %s twice", m[1])
	case m[2] == "":
		d.expression.WriteString(`([^/]+)`)
		d.shape.WriteByte('1') // behind any literal
	case m[0] != rest:
		return 0, fmt.Errorf("%s stands for all that is left, so nothing may follow", m[0])
	default:
		d.expression.WriteString(`(.*)`)
		d.shape.WriteByte('2') // behind that
	}
	d.names = append(d.names, m[1])
	return len(m[0]), nil
}

func (d *draft) add(literal string) {
	d.literal.WriteString(literal)
	d.expression.WriteString(regexp.QuoteMeta(literal))
	d.shape.WriteString(strings.Repeat("0", len(literal)))
}

// plainPath is a path that is written in one way only.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9/._~$&+=:@-]*$`)

// canonical is the one way in which we write a path: clients escape more or less.
func canonical(path string) string {
	if plainPath.MatchString(path) {
		return path
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if plain, err := url.PathUnescape(segment); err == nil {
			segments[i] = url.PathEscape(plain)
		}
	}
	return strings.Join(segments, "/")
}

// String is the text that [ParseTemplate] reads.
func (t Template) String() string { return t.text }

// Names are the names in it, in order.
func (t Template) Names() []string { return t.names }

// Match says whether a path, escaped as it was sent, is one of the template's, and
// what each name stands for in it.
func (t Template) Match(path string) (map[string]string, bool) {
	path = canonical(path)
	if t.pattern == nil {
		return nil, t.literal == path
	}
	m := t.pattern.FindStringSubmatch(path)
	if m == nil {
		return nil, false
	}
	values := make(map[string]string, len(t.names))
	for i, name := range t.names {
		value, err := url.PathUnescape(m[i+1])
		if err != nil {
			return nil, false
		}
		values[name] = value
	}
	return values, true
}

// Before says whether this template is the more particular of two, which is to be
// asked first: where they differ, it has a literal and the other a name.
func (t Template) Before(other Template) bool { return t.shape < other.shape }
