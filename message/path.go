package message

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"holdfast.dev/holdfast/nearest"
)

// Path names a part of a message. It is a comparable value; the zero Path names
// nothing.
type Path struct {
	part string // its first word
	name string // what follows the dot; empty for the whole of the part
}

// Parts are the words that a path begins with.
func Parts() []string {
	return []string{"json", "form", "header", "query", "path", "status", "method", "body"}
}

// alone are the parts that stand without a name, and named those that may have one.
var (
	alone = []string{"json", "path", "status", "method", "body"}
	named = []string{"json", "form", "header", "query", "path"}
)

// ParsePath reads the name of a part, as the package's comment shows them.
func ParsePath(text string) (Path, error) {
	part, name, dotted := strings.Cut(text, ".")
	switch {
	case !slices.Contains(Parts(), part):
		return Path{}, fmt.Errorf("%q names no part of a message: it begins with none of %s%s",
			text, strings.Join(Parts(), ", "), nearest.Hint(part, Parts()))
	case dotted && !slices.Contains(named, part):
		return Path{}, fmt.Errorf("%q: %s is a whole and has no parts", text, part)
	case !dotted && !slices.Contains(alone, part):
		return Path{}, fmt.Errorf("%q does not say which: %s.NAME", text, part)
	case dotted && name == "":
		return Path{}, fmt.Errorf("%q: nothing follows the dot", text)
	}
	if err := checkName(part, name); err != nil {
		return Path{}, fmt.Errorf("%q: %w", text, err)
	}
	return Path{part, name}, nil
}

// checkName refuses names that could not be found in any message, or in all.
func checkName(part, name string) error {
	switch {
	case part == "header" && !isToken(name):
		return fmt.Errorf("%q can't be the name of a header", name)
	case part == "json":
		return checkJSONPath(name)
	}
	return nil
}

// checkJSONPath refuses what gjson would silently take for something else.
func checkJSONPath(path string) error {
	switch {
	case strings.HasPrefix(path, "."), strings.HasSuffix(path, ".") && !strings.HasSuffix(path, `\.`), strings.Contains(path, ".."):
		return errors.New("there is nothing between two dots, or before the first or behind the last")
	case strings.HasPrefix(path, "!"), strings.Contains(path, "|!"), strings.Contains(path, ".!"):
		return errors.New("! makes a value of its own, which is there in every message")
	}
	return nil
}

// isToken says whether a header may be called so.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// String is the text that [ParsePath] reads.
func (p Path) String() string {
	if p.name == "" {
		return p.part
	}
	return p.part + "." + p.name
}

// Of returns what stands there in a message, false if nothing does. A JSON string
// is returned as its text, any other JSON value as it is written. JSON's null is
// nothing.
func (p Path) Of(m *Message) (string, bool) {
	v := p.look(m)
	return v.text, v.there && !v.null
}

// found is a value of a message, with what it is in JSON, if it stands there.
type found struct {
	text  string
	raw   string // as JSON has it; empty outside of JSON
	there bool
	null  bool
}

func (p Path) look(m *Message) found {
	text := func(s string, there bool) found { return found{text: s, there: there} }
	switch p.part {
	case "json":
		return ofJSON(m.json(p.name))
	case "form":
		return text(m.field(p.name))
	case "header":
		return text(first(m.Header, http.CanonicalHeaderKey(p.name)))
	case "query":
		return text(first(m.Query, p.name))
	case "path":
		if p.name == "" {
			return text(m.Path, m.Path != "")
		}
		value, there := m.PathValues[p.name]
		return text(value, there)
	case "status":
		if m.Status == 0 {
			return found{}
		}
		return text(strconv.Itoa(m.Status), true)
	case "method":
		return text(m.Method, m.Method != "")
	case "body":
		return text(string(m.Body), len(m.Body) > 0)
	}
	return found{}
}

// ofJSON has a number as it is written, with all its digits.
func ofJSON(r gjson.Result) found {
	text := r.String()
	if r.Type == gjson.Number {
		text = r.Raw
	}
	return found{text: text, raw: r.Raw, there: r.Exists(), null: r.Exists() && r.Type == gjson.Null}
}
