package openapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"holdfast.dev/holdfast/message"
)

// rules are what the requests of an operation are held against.
type rules struct {
	document  *openapi3.T
	item      *openapi3.PathItem
	operation *openapi3.Operation
}

// mostWrong is how many things are said of one request.
const mostWrong = 5

// Judge says what is wrong with a request, a line each, none where it is as described:
// path and method, parameters, credentials, media type and body. No line has a value of the
// request in it. operation is the ID of the one that it is for; empty: none is.
func (d *Description) Judge(r *http.Request, body []byte) (operation string, wrong []string) {
	at, ok := d.find(r.Method, r.URL.EscapedPath())
	if !ok {
		if others := d.methodsOf(r.URL.EscapedPath()); len(others) > 0 {
			return "", []string{"no operation has this method: the path takes " + strings.Join(others, ", ")}
		}
		return "", []string{"no operation has this path"}
	}
	input := d.input(at, r)
	rule := d.rules[at]
	wrong = credentials(rule, r)
	for _, p := range given(rule.item, rule.operation) {
		if p.In == openapi3.ParameterInHeader && isNoParameter(p.Name) {
			continue
		}
		wrong = append(wrong, parameter(input, p)...)
	}
	wrong = append(wrong, d.body(at, r.Header, body)...)
	if len(wrong) > mostWrong {
		wrong = append(wrong[:mostWrong:mostWrong], fmt.Sprintf("and %d more", len(wrong)-mostWrong))
	}
	return d.Operations[at].ID, wrong
}

// parameter says what is wrong with a parameter.
func parameter(input *openapi3filter.RequestValidationInput, p *openapi3.Parameter) []string {
	part := p.In + " " + p.Name
	switch there := isSent(input, p); {
	case !there && p.Required:
		return []string{part + ": is missing"}
	case !there:
		return nil
	}
	if err := openapi3filter.ValidateParameter(context.Background(), input, p); err != nil {
		return problems(part, err)
	}
	return nil
}

// isSent says whether a request has a parameter, in whatever style.
func isSent(input *openapi3filter.RequestValidationInput, p *openapi3.Parameter) bool {
	switch p.In {
	case openapi3.ParameterInHeader:
		return len(input.Request.Header.Values(p.Name)) > 0
	case openapi3.ParameterInCookie:
		_, err := input.Request.Cookie(p.Name)
		return err == nil
	case openapi3.ParameterInQuery:
		if p.Schema != nil && p.Schema.Value != nil && typeOf(merged(p.Schema.Value)) == openapi3.TypeObject && p.Style != openapi3.SerializationDeepObject {
			return true // its properties may be parameters of their own
		}
		for name := range input.QueryParams {
			if name == p.Name || strings.HasPrefix(name, p.Name+"[") {
				return true
			}
		}
		return false
	}
	return true
}

// isNoParameter are headers that a description has no say in: OpenAPI ignores parameters of
// these names.
func isNoParameter(name string) bool {
	return slices.Contains([]string{"Accept", "Content-Type", "Authorization"}, http.CanonicalHeaderKey(name))
}

// input is a request as the library looks at it. It gets a copy, since it may write to it.
func (d *Description) input(at int, r *http.Request) *openapi3filter.RequestValidationInput {
	rule := d.rules[at]
	return &openapi3filter.RequestValidationInput{
		Request: r.Clone(context.Background()), PathParams: d.inPath(at, r), QueryParams: message.Fields(r.URL.RawQuery),
		// Without the document each schema is read as one of 3.0, which is enough for a
		// parameter: otherwise it would be compiled anew for each request.
		Route:   &routers.Route{PathItem: rule.item, Method: r.Method, Operation: rule.operation},
		Options: &openapi3filter.Options{MultiError: true, SkipSettingDefaults: true, SchemaValidationOptions: d.held},
	}
}

// inPath are the values of a path by the names that the file has for them.
func (d *Description) inPath(at int, r *http.Request) map[string]string {
	out := map[string]string{}
	for _, w := range d.ways {
		if w.operation != at {
			continue
		}
		values, ok := w.template.Match(r.URL.EscapedPath())
		if !ok {
			continue
		}
		for _, p := range d.Operations[at].Parameters {
			if value, ok := values[p.Template]; ok && p.In == openapi3.ParameterInPath {
				out[p.Name] = value
			}
		}
		return out
	}
	return out
}

// credentials says which are missing, where none of the ways in is open.
func credentials(rule rules, r *http.Request) []string {
	security := rule.document.Security
	if rule.operation.Security != nil {
		security = *rule.operation.Security
	}
	var missing []string
	for _, requirement := range security {
		var lacks []string
		for _, c := range needed(rule.document, requirement) {
			if !bears(r, c) {
				lacks = append(lacks, c.In+" "+c.Name)
			}
		}
		if len(lacks) == 0 {
			return nil
		}
		if missing == nil {
			missing = lacks
		}
	}
	for i, lack := range missing {
		missing[i] = lack + ": is missing, and lets the request in"
	}
	return missing
}

// bears says whether a request has a credential.
func bears(r *http.Request, c Credential) bool {
	value := ""
	switch c.In {
	case openapi3.ParameterInQuery:
		value = message.Fields(r.URL.RawQuery).Get(c.Name)
	case openapi3.ParameterInCookie:
		if cookie, err := r.Cookie(c.Name); err == nil {
			value = cookie.Value
		}
	default:
		value = r.Header.Get(c.Name)
	}
	return len(value) > len(c.Prefix) && strings.EqualFold(value[:len(c.Prefix)], c.Prefix)
}

// problems are what is wrong at a part of a request.
func problems(part string, err error) []string {
	var (
		many   openapi3.MultiError
		schema *openapi3.SchemaError
		asked  *openapi3filter.RequestError
		parse  *openapi3filter.ParseError
	)
	if failed, ok := err.(*jsonschema.ValidationError); ok {
		return ofNewer(part, failed)
	}
	switch e := err.(type) { // errors.As would look past a part of several
	case openapi3.MultiError:
		many = e
	case *openapi3.SchemaError:
		schema = e
	case *openapi3filter.RequestError:
		asked = e
	case *openapi3filter.ParseError:
		parse = e
	}
	switch {
	case many != nil:
		var all []string
		for _, one := range many {
			all = append(all, problems(part, one)...)
		}
		return all
	case schema != nil:
		return ofSchema(part, schema)
	case asked != nil && errors.Is(asked.Err, openapi3filter.ErrInvalidRequired):
		return []string{part + ": is missing"}
	case asked != nil && errors.Is(asked.Err, openapi3filter.ErrInvalidEmptyValue):
		return []string{part + ": is empty"}
	case asked != nil && asked.Err != nil:
		return problems(part, asked.Err)
	case parse != nil:
		return []string{part + pointer(texts(parse.Path())) + ": cannot be read as the type that it should be"}
	}
	return nil // the library does not know how to look at it, which is nobody's mistake: see unjudged
}

func texts(keys []any) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = fmt.Sprint(key)
	}
	return out
}
