package openapi

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"holdfast.dev/holdfast/message"
)

// describe makes values of a document.
func describe(document *openapi3.T) *Description {
	d := &Description{held: formatsHeld()}
	if document.Info != nil {
		d.Title = document.Info.Title
	}
	d.Notes = append(d.Notes, readable(document)...)
	d.newer = compiledOf(document) // of what is readable
	d.Servers = addresses(document.Servers)
	if n := len(document.Webhooks); n > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%d webhooks are not sent: give a route its webhook", n))
	}
	paths := document.Paths.Map()
	ids := map[string]bool{}
	for _, at := range slices.Sorted(maps.Keys(paths)) {
		item := paths[at]
		if item == nil {
			continue
		}
		all := item.Operations()
		for _, method := range slices.SortedFunc(maps.Keys(all), byMethod) {
			if all[method] == nil {
				continue
			}
			w := writing{document: document, item: item, operation: all[method]}
			d.add(w.write(method, at), w)
			last := &d.Operations[len(d.Operations)-1]
			last.ID = unique(ids, last.ID)
		}
	}
	d.order()
	d.unread = d.unjudged()
	return d
}

// methods are in the order in which people think of them.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func byMethod(a, b string) int {
	place := func(method string) int {
		if i := slices.Index(methods, method); i >= 0 {
			return i
		}
		return len(methods)
	}
	return cmp.Or(place(a)-place(b), strings.Compare(a, b))
}

// add enters an operation with its paths.
func (d *Description) add(o Operation, w writing) {
	for _, text := range o.Templates {
		template, err := message.ParseTemplate(text)
		if err != nil {
			d.Notes = append(d.Notes, fmt.Sprintf("%s %s is found by no request: it is no plain path", o.Method, short(o.Path)))
			o.Templates = nil
			break
		}
		d.ways = append(d.ways, way{len(d.Operations), o.Method, template})
	}
	bracketed(w.operation.RequestBody)
	d.Operations = append(d.Operations, o)
	d.rules = append(d.rules, rules(w))
}

// unique is an id that none before has.
func unique(taken map[string]bool, id string) string {
	name := id
	for n := 2; taken[name]; n++ {
		name = id + "_" + strconv.Itoa(n)
	}
	taken[name] = true
	return name
}

var noWord = regexp.MustCompile(`[^A-Za-z0-9]+`)

// made is the id of an operation that has none.
func made(method, at string) string {
	return strings.Trim(noWord.ReplaceAllString(strings.ToLower(method)+at, "_"), "_")
}

// addresses are those of servers, with the defaults of their variables.
func addresses(servers openapi3.Servers) []string {
	var all []string
	for _, s := range servers {
		if s == nil {
			continue
		}
		address := s.URL
		for name, v := range s.Variables {
			if v != nil {
				address = strings.ReplaceAll(address, "{"+name+"}", v.Default)
			}
		}
		all = append(all, address)
	}
	return all
}

// basePaths are the paths of servers, without a slash at their end; at least one.
func basePaths(servers openapi3.Servers) []string {
	var all []string
	for _, address := range addresses(servers) {
		at, err := url.Parse(address)
		if err != nil {
			continue
		}
		base := strings.TrimRight(at.EscapedPath(), "/")
		if base != "" && !strings.HasPrefix(base, "/") {
			base = "/" + base
		}
		if !slices.Contains(all, base) {
			all = append(all, base)
		}
	}
	if len(all) == 0 {
		return []string{""}
	}
	return all
}

// writing is an operation that becomes a value.
type writing struct {
	document  *openapi3.T
	item      *openapi3.PathItem
	operation *openapi3.Operation
}

func (w writing) write(method, at string) Operation {
	o := Operation{
		ID: cmp.Or(w.operation.OperationID, made(method, at)), Method: strings.ToUpper(method), Path: at,
		Summary: w.operation.Summary, Tags: w.operation.Tags, Deprecated: w.operation.Deprecated,
		Parameters: w.parameters(at), Body: w.body(), Answers: w.answers(), Credentials: w.credentials(),
	}
	for _, base := range basePaths(w.servers()) {
		o.Templates = append(o.Templates, base+templateOf(at))
	}
	return o
}

// servers are those of the operation, or else of its path, or else of all.
func (w writing) servers() openapi3.Servers {
	switch {
	case w.operation.Servers != nil && len(*w.operation.Servers) > 0:
		return *w.operation.Servers
	case len(w.item.Servers) > 0:
		return w.item.Servers
	}
	return w.document.Servers
}

var nameInPath = regexp.MustCompile(`\{([^{}/]+)\}`)

// templateOf is a path as [message.ParseTemplate] reads it.
func templateOf(at string) string {
	taken := map[string]bool{}
	return nameInPath.ReplaceAllStringFunc(at, func(name string) string {
		return "{" + unique(taken, templateName(name[1:len(name)-1])) + "}"
	})
}

// templateName is a name as templates take it.
func templateName(name string) string {
	name = regexp.MustCompile(`[^A-Za-z0-9_]`).ReplaceAllString(name, "_")
	if name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// given are the parameters of the operation, and of its path where it has no other.
func given(item *openapi3.PathItem, operation *openapi3.Operation) []*openapi3.Parameter {
	var all []*openapi3.Parameter
	for _, ref := range slices.Concat(operation.Parameters, item.Parameters) {
		if ref == nil || ref.Value == nil {
			continue
		}
		if !slices.ContainsFunc(all, func(p *openapi3.Parameter) bool { return p.In == ref.Value.In && p.Name == ref.Value.Name }) {
			all = append(all, ref.Value)
		}
	}
	return all
}

func (w writing) parameters(at string) []Parameter {
	var all []Parameter
	for _, p := range given(w.item, w.operation) {
		out := Parameter{Name: p.Name, In: p.In, Required: p.Required || p.In == openapi3.ParameterInPath}
		if p.In == openapi3.ParameterInPath {
			if p.Name == "" || !strings.Contains(at, "{"+p.Name+"}") {
				continue
			}
			out.Template = templateName(p.Name)
		}
		schema := p.Schema
		_, media := chosen(p.Content)
		if schema == nil && media != nil {
			schema = media.Schema
		}
		out.Example = w.sampler(true).example(p.Example, p.Examples, schema)
		all = append(all, out)
	}
	return all
}

func (w writing) body() *Body {
	if w.operation.RequestBody == nil || w.operation.RequestBody.Value == nil {
		return nil
	}
	body := w.operation.RequestBody.Value
	name, media := chosen(body.Content)
	if media == nil {
		return nil
	}
	return &Body{MediaType: name, Required: body.Required, Example: w.sampler(true).example(media.Example, media.Examples, media.Schema)}
}

func (w writing) sampler(request bool) *sampler { return &sampler{request: request} }

// chosen is JSON where it is among media types, or else the first.
func chosen(content openapi3.Content) (string, *openapi3.MediaType) {
	names := slices.Sorted(maps.Keys(content))
	if len(names) == 0 {
		return "", nil
	}
	at := max(0, slices.IndexFunc(names, isJSON))
	if exact := slices.Index(names, "application/json"); exact >= 0 {
		at = exact
	}
	if content[names[at]] == nil {
		return names[at], &openapi3.MediaType{}
	}
	return names[at], content[names[at]]
}

// isJSON says whether a media type is JSON.
func isJSON(name string) bool {
	name, _, _ = strings.Cut(strings.ToLower(name), ";")
	name = strings.TrimSpace(name)
	return name == "application/json" || name == "text/json" || strings.HasSuffix(name, "+json")
}

func (w writing) answers() []Answer {
	all := w.operation.Responses.Map()
	var out []Answer
	for _, status := range slices.Sorted(maps.Keys(all)) { // digits are before letters
		if all[status] == nil || all[status].Value == nil {
			continue
		}
		r := all[status].Value
		answer := Answer{Status: strings.ToUpper(status), Headers: w.headers(r.Headers)}
		if answer.Status == "DEFAULT" {
			answer.Status = "default"
		}
		if r.Description != nil {
			answer.Description = *r.Description
		}
		var media *openapi3.MediaType
		if answer.MediaType, media = chosen(r.Content); media != nil {
			answer.Example = w.sampler(false).example(media.Example, media.Examples, media.Schema)
			answer.Properties = properties(media.Schema)
		}
		out = append(out, answer)
	}
	return out
}

func (w writing) headers(all openapi3.Headers) map[string]string {
	var out map[string]string
	for name, ref := range all {
		if ref == nil || ref.Value == nil || http.CanonicalHeaderKey(name) == "Content-Type" {
			continue
		}
		if text := plainText(w.sampler(false).example(ref.Value.Example, ref.Value.Examples, ref.Value.Schema)); text != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[name] = text
		}
	}
	return out
}

// credentials are those of the first way in that the operation has.
func (w writing) credentials() []Credential {
	security := w.document.Security
	if w.operation.Security != nil {
		security = *w.operation.Security
	}
	if len(security) == 0 || slices.ContainsFunc(security, func(r openapi3.SecurityRequirement) bool { return len(r) == 0 }) {
		return nil
	}
	return needed(w.document, security[0])
}

// needed are the credentials that one way in needs.
func needed(document *openapi3.T, requirement openapi3.SecurityRequirement) []Credential {
	if document.Components == nil {
		return nil
	}
	var all []Credential
	for _, name := range slices.Sorted(maps.Keys(requirement)) {
		ref := document.Components.SecuritySchemes[name]
		if ref == nil || ref.Value == nil {
			continue
		}
		c := Credential{Scheme: name, In: openapi3.ParameterInHeader, Name: "Authorization"}
		switch s := ref.Value; {
		case s.Type == "apiKey":
			c.In, c.Name = s.In, s.Name
		case s.Type == "http" && strings.EqualFold(s.Scheme, "basic"):
			c.Prefix = "Basic "
		case s.Type == "http" && strings.EqualFold(s.Scheme, "bearer"), s.Type == "oauth2", s.Type == "openIdConnect":
			c.Prefix = "Bearer "
		case s.Type == "http":
		default:
			continue // a certificate, say: no part of the request
		}
		all = append(all, c)
	}
	return all
}
