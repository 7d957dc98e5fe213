package openapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	// mostValues is how many values an example has, roughly.
	mostValues = 400
	// fullDepth is down to where an example has properties that are not required.
	fullDepth = 3
	// mostDepth ends what is required of itself for ever.
	mostDepth = 24
	mostItems = 20
)

// sampler makes one value of a schema, always the same.
type sampler struct {
	request bool // what is sent, and not what is answered
	values  int
	within  []*openapi3.Schema // the schemas that are being made
}

// example is the value that a file gives, or else one that is made of the schema; nil
// where there is neither.
func (s *sampler) example(given any, named openapi3.Examples, schema *openapi3.SchemaRef) json.RawMessage {
	if text := asJSON(given); text != nil {
		return text
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if ref := named[name]; ref != nil && ref.Value != nil {
			if text := asJSON(ref.Value.Value); text != nil {
				return text
			}
		}
	}
	if schema == nil || schema.Value == nil {
		return nil
	}
	value, _ := s.value(schema.Value)
	text, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return text
}

// asJSON is a value as JSON; nil where it is none.
func asJSON(value any) json.RawMessage {
	if value == nil {
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil { // infinity, say
		return nil
	}
	return text
}

// plainText is an example as it stands in a header: a string without its quotes.
func plainText(example json.RawMessage) string {
	var text string
	if json.Unmarshal(example, &text) == nil {
		return text
	}
	if len(example) > 0 && example[0] != '{' && example[0] != '[' {
		return string(example)
	}
	return ""
}

// value is one of the schema, false if it is one that would contain itself for ever.
func (s *sampler) value(schema *openapi3.Schema) (any, bool) {
	if slices.Contains(s.within, schema) || len(s.within) >= mostDepth || s.values > 2*mostValues {
		return s.end(schema)
	}
	s.values++
	s.within = append(s.within, schema)
	defer func() { s.within = s.within[:len(s.within)-1] }()
	if given, ok := givenBy(schema); ok {
		return given, true
	}
	whole := merged(schema)
	if given, ok := givenBy(whole); ok {
		return given, true
	}
	if branches := slices.Concat(whole.OneOf, whole.AnyOf); len(branches) > 0 {
		if value, ok := s.branch(whole, branches); ok {
			return value, true
		}
		return s.end(whole)
	}
	return s.ofType(whole)
}

// end is what stands where nothing more is made.
func (s *sampler) end(schema *openapi3.Schema) (any, bool) {
	switch {
	case schema.Nullable || schema.Type.IncludesNull():
		return nil, true
	case typeOf(schema) == openapi3.TypeArray && schema.MinItems == 0:
		return []any{}, true
	case typeOf(schema) == openapi3.TypeObject && len(schema.Required) == 0 && schema.MinProps == 0:
		return map[string]any{}, true
	}
	return map[string]any{}, false
}

// givenBy is a value that the schema itself names.
func givenBy(schema *openapi3.Schema) (any, bool) {
	candidates := append([]any{schema.Example, schema.Const}, schema.Examples...)
	candidates = append(append(candidates, schema.Default), schema.Enum...)
	for _, value := range candidates {
		if asJSON(value) != nil {
			return value, true
		}
	}
	return nil, false
}

// branch is the first of the alternatives that does not contain what is being made.
func (s *sampler) branch(whole *openapi3.Schema, branches openapi3.SchemaRefs) (any, bool) {
	for _, ref := range branches {
		if ref == nil || ref.Value == nil || isNull(ref.Value) || slices.Contains(s.within, ref.Value) {
			continue
		}
		value, ok := s.beside(whole, ref)
		if !ok {
			continue
		}
		if object, is := value.(map[string]any); is && whole.Discriminator != nil {
			value = discriminated(object, whole.Discriminator, ref)
		}
		return value, true
	}
	return nil, false
}

// beside makes an alternative with what is asked for beside it.
func (s *sampler) beside(whole *openapi3.Schema, ref *openapi3.SchemaRef) (any, bool) {
	if len(whole.Properties) == 0 && len(whole.Required) == 0 {
		return s.value(ref.Value)
	}
	base := *whole
	base.OneOf, base.AnyOf, base.AllOf = nil, nil, openapi3.SchemaRefs{ref}
	s.within = append(s.within, ref.Value)
	defer func() { s.within = s.within[:len(s.within)-1] }()
	return s.value(&base)
}

func isNull(schema *openapi3.Schema) bool {
	return schema.Type.IncludesNull() && len(schema.Type.Slice()) == 1
}

// discriminated is a copy of an object that says which alternative it is.
func discriminated(object map[string]any, by *openapi3.Discriminator, ref *openapi3.SchemaRef) map[string]any {
	if by.PropertyName == "" || ref.Ref == "" {
		return object
	}
	name := ref.Ref[strings.LastIndexByte(ref.Ref, '/')+1:]
	for _, mapped := range slices.Sorted(maps.Keys(by.Mapping)) {
		if target := by.Mapping[mapped]; target.Ref == ref.Ref || target.Ref == name {
			name = mapped
			break
		}
	}
	out := maps.Clone(object)
	out[by.PropertyName] = name
	return out
}

// ofType makes a value by its type.
func (s *sampler) ofType(schema *openapi3.Schema) (any, bool) {
	switch typeOf(schema) {
	case openapi3.TypeObject:
		return s.object(schema)
	case openapi3.TypeArray:
		return s.array(schema)
	case openapi3.TypeString:
		return textOf(schema), true
	case openapi3.TypeInteger:
		return numberOf(schema, true), true
	case openapi3.TypeNumber:
		return numberOf(schema, false), true
	case openapi3.TypeBoolean:
		return true, true
	case openapi3.TypeNull:
		return nil, true
	}
	return map[string]any{}, true // anything is one
}

// typeOf is the first type that is not null, or what the schema's keywords are about;
// empty where it may be anything.
func typeOf(schema *openapi3.Schema) string {
	types := schema.Type.Slice()
	for _, t := range types {
		if t != openapi3.TypeNull {
			return t
		}
	}
	switch {
	case len(types) > 0:
		return openapi3.TypeNull
	case len(schema.Properties) > 0, len(schema.Required) > 0, schema.AdditionalProperties.Schema != nil, schema.MinProps > 0:
		return openapi3.TypeObject
	case schema.Items != nil, len(schema.PrefixItems) > 0, schema.MinItems > 0:
		return openapi3.TypeArray
	case schema.Format != "", schema.Pattern != "", schema.MinLength > 0, schema.MaxLength != nil:
		return openapi3.TypeString
	case schema.Min != nil, schema.Max != nil, schema.MultipleOf != nil:
		return openapi3.TypeNumber
	}
	return ""
}

// properties are those of an object, as they may be filled in.
func properties(ref *openapi3.SchemaRef) map[string]Property {
	if ref == nil || ref.Value == nil {
		return nil
	}
	whole := merged(ref.Value)
	out := map[string]Property{}
	for name, ref := range whole.Properties {
		if ref == nil || ref.Value == nil {
			continue
		}
		p := merged(ref.Value)
		out[name] = Property{
			Format: p.Format, Pattern: p.Pattern,
			Fixed: len(p.Enum) > 0 || p.Const != nil || p.Max != nil || p.Min != nil || p.MaxLength != nil || p.MinLength > 0 || len(p.OneOf)+len(p.AnyOf) > 0,
		}
	}
	return out
}
