package wiremock

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/manifest"
	"holdfast.dev/holdfast/message"
)

// bodyPattern makes conditions of one of a mapping's.
func (r *reader) bodyPattern(n *importer.Node, into *manifest.RouteRequest) {
	switch {
	case n.Get("equalToJson") != nil:
		r.equalToJSON(n, into)
	case n.Get("matchesJsonPath") != nil:
		r.jsonPath(n.Get("matchesJsonPath"), into)
	case n.Get("equalTo", "contains", "matches", "absent") != nil:
		c, ok := r.matcher(n)
		if !ok {
			return
		}
		if into.Body != "" {
			r.left(n, "there is a condition on the body already, and it has one", "make one regular expression of the two")
			return
		}
		text, err := c.MarshalJSON()
		if err != nil {
			r.left(n, err.Error(), "write the condition by hand")
			return
		}
		into.Body = jsonText(string(text))
	default:
		n.Leave(fmt.Sprintf("a condition on a body is of its text or of JSON, and this one is %s", keysOf(n)), "the route answers without it; write another condition by hand")
	}
}

// jsonPath makes a condition of a JSONPath: that it leads to something, or to what.
func (r *reader) jsonPath(n *importer.Node, into *manifest.RouteRequest) {
	expression, condition := n, message.Present()
	if n.Is(importer.Mapping) {
		expression = n.Get("expression")
	}
	path, ok := importer.JSONPath(expression.Peek())
	if !ok {
		n.Leave("its JSONPath is none of names, indexes and comparisons", "the route answers without it; write a path of gjson under json by hand")
		return
	}
	expression.Use()
	if path == "" {
		path = "@this"
	}
	switch {
	case !n.Is(importer.Mapping) || n.Len() == 1:
	case n.Get("equalToJson") != nil:
		value, err := decode(n.Get("equalToJson"))
		if err != nil {
			return
		}
		condition = message.Equal(value)
	default:
		c, ok := r.matcher(n)
		if !ok {
			return
		}
		condition = c
		if text, is := c.Value().(string); is && n.Get("equalTo") != nil && message.Equal(text) == c {
			condition = ofAnyType(c, text)
		}
	}
	r.condition(n, "json", path, condition, &into.JSON)
}

// ofAnyType is a condition for a text as WireMock compares it: with a number or a truth
// as it is written, too.
func ofAnyType(c message.Condition, text string) message.Condition {
	if json.Valid([]byte(text)) {
		return message.Like("^" + quoteMeta(text) + "$")
	}
	return c
}

// decode is a value that stands as JSON, or as a text of JSON.
func decode(n *importer.Node) (any, error) {
	text := n.Peek()
	if n.Kind != importer.Text {
		text = n.Raw()
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	if err == nil && !json.Valid([]byte(text)) {
		err = errors.New("something stands behind its end")
	}
	if err != nil {
		n.Leave("it is no JSON: "+err.Error(), "mend it")
		return nil, err
	}
	n.Use()
	return v, nil
}

// equalToJSON makes conditions of a whole document, or of each of its parts.
func (r *reader) equalToJSON(n *importer.Node, into *manifest.RouteRequest) {
	at := n.Get("equalToJson")
	value, err := decode(at)
	if err != nil {
		return
	}
	extra, _ := n.Get("ignoreExtraElements").Truth()
	if order, _ := n.Get("ignoreArrayOrder").Truth(); order && hasList(value) {
		r.left(n.Get("ignoreArrayOrder"), "a list is compared in its order", "write conditions on its parts by hand")
	}
	l := leaves{reader: r, at: at, into: into}
	if !extra && !l.open(value, "") {
		r.condition(at, "json", "@this", message.Equal(value), &into.JSON)
		return
	}
	if !extra {
		r.left(at, "where a part may be anything, further parts are let through", "see that no other route is meant for them")
	}
	l.add("", "", value)
}

// leaves makes a condition of each part of a document.
type leaves struct {
	*reader
	at   *importer.Node
	into *manifest.RouteRequest
}

// open reports whether a document has parts that are not compared as they stand: those
// that may be anything, and secrets.
func (l *leaves) open(value any, name string) bool {
	switch v := value.(type) {
	case map[string]any:
		for key, part := range v {
			if l.open(part, key) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(part any) bool { return l.open(part, name) })
	case string:
		return strings.HasPrefix(v, "${json-unit.") || l.report.Strip(l.at.File+" "+l.at.Path(), name, v) != v
	}
	return false
}

// add adds the conditions of what stands at a path.
func (l *leaves) add(path, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			step, ok := importer.JSONKey(key)
			if !ok {
				l.left(l.at, fmt.Sprintf("the key %q can be in no path", key), "write the condition by hand")
				continue
			}
			l.add(join(path, step), key, v[key])
		}
		if len(v) > 0 {
			return
		}
		value = nil
	case []any:
		for i, part := range v {
			l.add(join(path, strconv.Itoa(i)), name, part)
		}
		if len(v) > 0 {
			return
		}
	}
	condition := message.Equal(value)
	if text, is := value.(string); value == nil && path != "" || is && l.open(text, name) {
		condition = message.Present()
	}
	if path == "" {
		path = "@this"
	}
	l.condition(l.at, "json", path, condition, &l.into.JSON)
}

func join(path, step string) string {
	if path == "" {
		return step
	}
	return path + "." + step
}

// hasList reports whether there is a list of several in a document.
func hasList(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), hasList)
	case []any:
		return len(v) > 1 || slices.ContainsFunc(v, hasList)
	}
	return false
}
