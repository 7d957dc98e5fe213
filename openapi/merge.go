package openapi

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// merged is a schema with what all of its allOf ask for.
func merged(schema *openapi3.Schema) *openapi3.Schema {
	if len(schema.AllOf) == 0 {
		return schema
	}
	out := *schema
	out.AllOf = nil
	out.Properties, out.Required = maps.Clone(schema.Properties), slices.Clone(schema.Required)
	join(&out, schema.AllOf, map[*openapi3.Schema]bool{schema: true})
	return &out
}

// join adds what others ask for, each once.
func join(to *openapi3.Schema, others openapi3.SchemaRefs, seen map[*openapi3.Schema]bool) {
	for _, ref := range others {
		if ref == nil || ref.Value == nil || seen[ref.Value] {
			continue
		}
		from := ref.Value
		seen[from] = true
		for name, property := range from.Properties {
			if to.Properties == nil {
				to.Properties = openapi3.Schemas{}
			}
			if own := to.Properties[name]; own != nil && own.Value != nil && property != nil && property.Value != nil && own.Value != property.Value {
				property = &openapi3.SchemaRef{Value: &openapi3.Schema{AllOf: openapi3.SchemaRefs{own, property}}}
			}
			to.Properties[name] = property
		}
		for _, name := range from.Required {
			if !slices.Contains(to.Required, name) {
				to.Required = append(to.Required, name)
			}
		}
		bounds(to, from)
		shape(to, from)
		join(to, from.AllOf, seen)
	}
}

// bounds takes the narrower of two.
func bounds(to, from *openapi3.Schema) {
	if from.Min != nil && (to.Min == nil || *from.Min > *to.Min) {
		to.Min, to.ExclusiveMin = from.Min, from.ExclusiveMin
	}
	if from.Max != nil && (to.Max == nil || *from.Max < *to.Max) {
		to.Max, to.ExclusiveMax = from.Max, from.ExclusiveMax
	}
	if !to.ExclusiveMin.IsSet() {
		to.ExclusiveMin = from.ExclusiveMin
	}
	if !to.ExclusiveMax.IsSet() {
		to.ExclusiveMax = from.ExclusiveMax
	}
	to.MinLength, to.MaxLength = max(to.MinLength, from.MinLength), least(to.MaxLength, from.MaxLength)
	to.MinItems, to.MaxItems = max(to.MinItems, from.MinItems), least(to.MaxItems, from.MaxItems)
	to.MinProps, to.MaxProps = max(to.MinProps, from.MinProps), least(to.MaxProps, from.MaxProps)
	to.UniqueItems = to.UniqueItems || from.UniqueItems
}

func least(a, b *uint64) *uint64 {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

// shape takes what the schema does not say by itself.
func shape(to, from *openapi3.Schema) {
	if to.Type.IsEmpty() {
		to.Type = from.Type
	}
	if to.Format == "" {
		to.Format = from.Format
	}
	if to.Pattern == "" {
		to.Pattern = from.Pattern
	}
	if to.MultipleOf == nil {
		to.MultipleOf = from.MultipleOf
	}
	if to.Items == nil {
		to.Items, to.PrefixItems = from.Items, from.PrefixItems
	}
	if to.AdditionalProperties.Schema == nil {
		to.AdditionalProperties = from.AdditionalProperties
	}
	if to.Const == nil {
		to.Const = from.Const
	}
	if len(to.Enum) == 0 {
		to.Enum = from.Enum
	}
	if to.Example == nil {
		to.Example = exampleOf(from)
	}
	if to.Default == nil {
		to.Default = from.Default
	}
	if len(to.OneOf)+len(to.AnyOf) == 0 {
		to.OneOf, to.AnyOf, to.Discriminator = from.OneOf, from.AnyOf, from.Discriminator
	}
}

// exampleOf is a part's example where it stands for the whole: an object's would lack
// the properties of the others.
func exampleOf(from *openapi3.Schema) any {
	if _, object := from.Example.(map[string]any); object {
		return nil
	}
	return from.Example
}
