package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// ofSchema is what is wrong with a value, without the value.
func ofSchema(part string, e *openapi3.SchemaError) []string {
	if inner := inside(e); len(inner) > 0 && groups(e) {
		var all []string
		for _, one := range inner {
			all = append(all, problems(part, one)...)
		}
		return all
	}
	if failed, ok := errors.AsType[*jsonschema.ValidationError](e); ok && e.Origin == nil {
		return ofNewer(part, failed)
	}
	keys := e.JSONPointer()
	if m := unknownProperty.FindStringSubmatch(e.Reason); m != nil {
		keys = append(keys, m[1])
	}
	return []string{part + pointer(keys) + ": " + breach(e.SchemaField, e.Schema)}
}

// unknownProperty is how the library names a property that is not described.
var unknownProperty = regexp.MustCompile(`^property "(.+)" is unsupported$`)

// groups says whether an error says less than those that it is made of. Of alternatives it
// does so where one is chosen by name.
func groups(e *openapi3.SchemaError) bool {
	switch e.SchemaField {
	case "", "allOf", "$ref":
		return true
	case "oneOf":
		return e.Schema != nil && e.Schema.Discriminator != nil
	}
	return e.Schema == nil
}

// inside are the errors that one is made of.
func inside(e *openapi3.SchemaError) []error {
	for err := e.Origin; err != nil; err = errors.Unwrap(err) {
		switch many := err.(type) {
		case openapi3.MultiError:
			return many
		case interface{ Unwrap() []error }:
			return many.Unwrap()
		case *openapi3.SchemaError:
			return []error{many}
		}
	}
	return nil
}

// pointer is where in a value, behind the part's name.
func pointer(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return " /" + short(strings.Join(keys, "/"))
}

// breach says which rule of a schema was broken, and what it asks for.
func breach(keyword string, schema *openapi3.Schema) string {
	switch keyword {
	case "required":
		return "is missing"
	case "properties", "additionalProperties":
		return "is no property that is described"
	case "readOnly":
		return "is only read, and not sent"
	case "nullable":
		return "is null"
	case "oneOf", "anyOf":
		return "fits none of its alternatives, or several"
	case "discriminator":
		return "does not say which alternative it is"
	case "":
		return "is not as described"
	}
	return "does not fit " + keyword + asked(schema, keyword)
}

// asked is what a schema has under a keyword.
func asked(schema *openapi3.Schema, keyword string) string {
	if schema == nil {
		return ""
	}
	fields, err := schema.MarshalYAML()
	all, ok := fields.(map[string]any)
	if err != nil || !ok || all[keyword] == nil {
		return ""
	}
	text, err := json.Marshal(all[keyword])
	if err != nil {
		return ""
	}
	return " " + short(strings.Trim(string(text), `"`))
}

// ofNewer is what is wrong with a value by JSON Schema, at the innermost causes.
func ofNewer(part string, e *jsonschema.ValidationError) []string {
	switch e.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf, *kind.Not:
		return []string{part + pointer(e.InstanceLocation) + ": " + breach("oneOf", nil)}
	}
	if len(e.Causes) > 0 {
		var all []string
		for _, inner := range e.Causes {
			all = append(all, ofNewer(part, inner)...)
		}
		return all
	}
	at := func(key string) string {
		return part + pointer(append(slices.Clone(e.InstanceLocation), key)) + ": "
	}
	var all []string
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			all = append(all, at(name)+"is missing")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			all = append(all, at(name)+breach("properties", nil))
		}
	case *kind.Type:
		all = append(all, part+pointer(e.InstanceLocation)+": does not fit type "+strings.Join(slices.Sorted(slices.Values(k.Want)), " or "))
	default:
		text := "is not as described"
		if path := k.KeywordPath(); len(path) > 0 {
			text = fmt.Sprintf("does not fit %s", path[len(path)-1])
		}
		all = append(all, part+pointer(e.InstanceLocation)+": "+text+keyword(e.ErrorKind))
	}
	return all
}

// keyword is what the description has under a keyword.
func keyword(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Enum:
		text, err := json.Marshal(k.Want)
		if err == nil {
			return " " + short(string(text))
		}
	case *kind.Format:
		return " " + short(k.Want)
	case *kind.Pattern:
		return " " + short(k.Want)
	case *kind.Minimum:
		return " " + k.Want.RatString()
	case *kind.Maximum:
		return " " + k.Want.RatString()
	}
	return ""
}
