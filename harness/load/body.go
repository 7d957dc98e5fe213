package load

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"holdfast.dev/holdfast/placeholder"
)

// The types of bodies that a template can write by itself.
const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// bodyPattern is the body of a template's requests: a text, a form, or none.
type bodyPattern struct {
	text *placeholder.Bound
	form []field
}

type field struct {
	name  string // escaped
	value placeholder.Bound
}

// fill returns the body with these values; nil: there is none.
func (b bodyPattern) fill(values []string) []byte {
	if b.text != nil {
		return []byte(b.text.Fill(values))
	}
	if len(b.form) == 0 {
		return nil
	}
	var text strings.Builder
	for i, f := range b.form {
		if i > 0 {
			text.WriteByte('&')
		}
		text.WriteString(f.name)
		text.WriteByte('=')
		text.WriteString(url.QueryEscape(f.value.Fill(values)))
	}
	return []byte(text.String())
}

// contentType is what the header says of the body.
func (t Template) contentType() string {
	for name, value := range t.Header {
		if http.CanonicalHeaderKey(name) == "Content-Type" {
			return value
		}
	}
	return ""
}

// readBody reads t's body and returns the type that it has by itself.
func (c *compiled) readBody(t Template, bind func(string, placeholder.Pattern) placeholder.Bound) (kind string, err error) {
	sorts := 0
	for _, has := range []bool{t.Body != "", t.JSON != nil, t.Form != nil} {
		if has {
			sorts++
		}
	}
	switch {
	case sorts > 1:
		return "", errors.New("it is given as more than one of body, json and form")
	case t.Form != nil:
		for _, name := range slices.Sorted(maps.Keys(t.Form)) {
			c.body.form = append(c.body.form, field{url.QueryEscape(name), bind("form field "+name, placeholder.Text(t.Form[name]))})
		}
		return typeForm, nil
	case t.JSON != nil:
		if !json.Valid(t.JSON) {
			return "", errors.New(`it is no JSON; placeholders stand inside of strings, a number is "{name:int}"`)
		}
		text := bind("json", placeholder.JSON(string(t.JSON)))
		c.body.text = &text
		return typeJSON, nil
	case t.Body == "":
		return "", nil
	}
	pattern, err := textOf(t.Body, t.contentType())
	text := bind("body", pattern)
	c.body.text = &text
	return "", err
}

// textOf reads a body as what its Content-Type says that it is.
func textOf(body, kind string) (placeholder.Pattern, error) {
	switch {
	case strings.Contains(kind, "json"), kind == "" && json.Valid([]byte(body)):
		if !json.Valid([]byte(body)) {
			return nil, errors.New(`it is declared as JSON and is none; placeholders stand inside of strings, a number is "{name:int}"`)
		}
		return placeholder.JSON(body), nil
	case strings.Contains(kind, "x-www-form-urlencoded"):
		return placeholder.Query(body), nil
	}
	return placeholder.Text(body), nil
}
