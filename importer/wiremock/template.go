package wiremock

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/importer"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/placeholder"
)

// templated turns texts of an answer, which are WireMock's templates, into ours.
type templated struct {
	*reader
	on      bool   // texts are templates; or else braces are braces
	path    string // our template of the path
	foreign bool   // the request is not that of this text
}

// expression is one of Handlebars.
var expression = regexp.MustCompile(`\{\{\{?\s*([^{}]*?)\s*\}?\}\}`)

// text is a text with our names in place of expressions. Those that have none stay as
// they are, and are told.
func (t *templated) text(at *importer.Node, text string) string {
	if !t.on {
		return importer.Literal(text)
	}
	var b strings.Builder
	for {
		m := expression.FindStringSubmatchIndex(text)
		if m == nil {
			b.WriteString(importer.Literal(text))
			return b.String()
		}
		b.WriteString(importer.Literal(text[:m[0]]))
		whole, inner := text[m[0]:m[1]], text[m[2]:m[3]]
		ours, ok := t.value(inner)
		if !ok {
			t.left(at, fmt.Sprintf("the template %s has nothing like it here", whole), "write a {name} by hand; the letters stand there as they are")
			ours = importer.Literal(whole)
		}
		b.WriteString(ours)
		text = text[m[1]:]
	}
}

// json is a text of JSON whose texts are templates.
func (t *templated) json(at *importer.Node, text string) string {
	n, err := t.report.Document(at.File, at.Line, text)
	if err != nil {
		t.left(at, err.Error(), "write json by hand")
		return "null"
	}
	return n.JSON(func(text string) string { return t.text(at, text) })
}

var (
	requestPart = regexp.MustCompile(`^request\.(query|headers)\.(?:\[?'?([A-Za-z0-9_-]+)'?\]?)(?:\.\[?0\]?)?$`)
	requestPath = regexp.MustCompile(`^request\.(?:path|pathSegments)\.\[?([A-Za-z0-9_-]+)\]?$`)
	jsonOfBody  = regexp.MustCompile(`^jsonPath request\.body '(\$[^']*)'$`)
	formOfBody  = regexp.MustCompile(`^formData request\.body '([^']+)'$`)
)

// value is what an expression is here, in braces, or a literal text.
func (t *templated) value(inner string) (string, bool) {
	if strings.HasPrefix(inner, "randomValue") && strings.Contains(inner, "UUID") && !t.foreign {
		return "{id}", true
	}
	if t.foreign {
		return "", false
	}
	switch inner {
	case "request.method", "request.body", "request.path":
		return "{" + strings.TrimPrefix(inner, "request.") + "}", true
	}
	if m := requestPart.FindStringSubmatch(inner); m != nil {
		part := map[string]string{"query": "query", "headers": "header"}[m[1]]
		return t.named(part + "." + m[2])
	}
	if m := requestPath.FindStringSubmatch(inner); m != nil {
		return t.segment(m[1])
	}
	if m := jsonOfBody.FindStringSubmatch(inner); m != nil {
		if path, ok := importer.JSONPath(m[1]); ok && path != "" {
			return t.named("json." + path)
		}
	}
	if m := formOfBody.FindStringSubmatch(inner); m != nil {
		return t.named("form." + m[1])
	}
	return "", false
}

// named is a name in braces, if it can stand there.
func (t *templated) named(name string) (string, bool) {
	_, err := message.ParsePath(name)
	text := "{" + name + "}"
	names := placeholder.Text(text).Names()
	return text, err == nil && len(names) == 1 && names[0] == name
}

// segment is a part of the path by its number, or by its name.
func (t *templated) segment(which string) (string, bool) {
	template, err := message.ParseTemplate(t.path)
	if err != nil {
		return "", false
	}
	n, err := strconv.Atoi(which)
	if err != nil {
		for _, name := range template.Names() {
			if name == pathName(which) {
				return "{path." + name + "}", true
			}
		}
		return "", false
	}
	segments := strings.Split(strings.TrimPrefix(t.path, "/"), "/")
	if n >= len(segments) {
		return "", false
	}
	segment := segments[n]
	for _, name := range template.Names() {
		if segment == "{"+name+"}" {
			return "{path." + name + "}", true
		}
	}
	return segment, !strings.ContainsAny(segment, "{}")
}
