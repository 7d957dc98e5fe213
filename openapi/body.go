package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// body says what is wrong with the body of a request for an operation.
func (d *Description) body(at int, header http.Header, body []byte) []string {
	rule := d.rules[at]
	if rule.operation.RequestBody == nil || rule.operation.RequestBody.Value == nil {
		if method := d.Operations[at].Method; len(body) > 0 && method != http.MethodDelete && method != http.MethodGet {
			return []string{"body: the operation takes none"}
		}
		return nil
	}
	asked := rule.operation.RequestBody.Value
	switch {
	case len(body) == 0 && asked.Required:
		return []string{"body: is missing"}
	case len(body) == 0 || len(asked.Content) == 0:
		return nil
	case header.Get("Content-Type") == "":
		return []string{"header Content-Type: is missing, and says what the body is"}
	}
	name, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	media := asked.Content.Get(header.Get("Content-Type"))
	if err != nil || media == nil {
		return []string{fmt.Sprintf("header Content-Type: %q is not taken, but %s", short(name), strings.Join(takes(asked.Content), ", "))}
	}
	if media.Schema == nil || media.Schema.Value == nil {
		return nil
	}
	value, err := decoded(name, header, media, body)
	if err == nil {
		err = d.fits(media, value)
	}
	if err == nil {
		return nil
	}
	wrong := problems("body", err)
	slices.Sort(wrong) // the library goes through maps
	return slices.Compact(wrong)
}

// takes are the media types of a body, the first few.
func takes(content openapi3.Content) []string {
	all := slices.Sorted(maps.Keys(content))
	return all[:min(len(all), 4)]
}

// decoded is what a body says.
func decoded(name string, header http.Header, media *openapi3.MediaType, body []byte) (any, error) {
	decode := openapi3filter.RegisteredBodyDecoder(name)
	if isJSON(name) {
		decode = openapi3filter.JSONBodyDecoder
	}
	if decode == nil {
		return nil, fmt.Errorf("nobody knows what is in %s", name)
	}
	return decode(bytes.NewReader(body), header, media.Schema, func(part string) *openapi3.Encoding { return media.Encoding[part] })
}

// fits holds a value against the schema of a body.
func (d *Description) fits(media *openapi3.MediaType, value any) error {
	if schema := d.newer.of(media); schema != nil {
		return schema.Validate(value)
	}
	return media.Schema.Value.VisitJSON(value, append(slices.Clone(d.held), openapi3.VisitAsRequest(), openapi3.MultiErrors())...)
}

// compiled are the schemas of bodies of a version newer than 3.0, which are JSON Schema. Each
// is compiled when it is first needed, and once.
type compiled struct {
	components any // what the schemas refer to
	mu         sync.Mutex
	all        map[*openapi3.MediaType]*jsonschema.Schema // guarded by mu
}

// compiledOf is nil where the document is of version 3.0.
func compiledOf(document *openapi3.T) *compiled {
	if !document.IsOpenAPI31OrLater() {
		return nil
	}
	c := &compiled{all: map[*openapi3.MediaType]*jsonschema.Schema{}}
	if document.Components != nil {
		c.components = map[string]any{"schemas": plainOf(document.Components.Schemas)}
	}
	return c
}

// plainOf is a value as JSON has it; nil where it is none.
func plainOf(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil
	}
	return plain
}

// of is the schema of a body; nil where it cannot be had: then the library's own way serves.
func (c *compiled) of(media *openapi3.MediaType) *jsonschema.Schema {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	schema, known := c.all[media]
	if !known {
		schema = c.compile(media)
		c.all[media] = schema
	}
	return schema
}

func (c *compiled) compile(media *openapi3.MediaType) *jsonschema.Schema {
	const here = "described:body"
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.UseLoader(jsonschema.SchemeURLLoader{}) // it reads nothing more
	compiler.AssertFormat()
	if compiler.AddResource(here, map[string]any{"allOf": []any{plainOf(media.Schema)}, "components": c.components}) != nil {
		return nil
	}
	schema, err := compiler.Compile(here)
	if err != nil {
		return nil
	}
	return schema
}

// formatsHeld are the formats that a schema of 3.0 is held to beside dates, as a newer one
// is.
func formatsHeld() []openapi3.SchemaValidationOption {
	return []openapi3.SchemaValidationOption{openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
		"uuid":  openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC9562),
		"email": openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail),
		"ipv4":  openapi3.NewIPValidator(true), "ipv6": openapi3.NewIPValidator(false),
	})}
}
