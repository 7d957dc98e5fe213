package openapi

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// object makes the required properties, and near the top all of them.
func (s *sampler) object(schema *openapi3.Schema) (any, bool) {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		required := slices.Contains(schema.Required, name)
		ref := schema.Properties[name]
		if ref == nil || ref.Value == nil {
			continue
		}
		if hidden := s.request && ref.Value.ReadOnly || !s.request && ref.Value.WriteOnly; hidden {
			continue
		}
		if !required && (s.values > mostValues || s.depth() > fullDepth) {
			continue
		}
		value, ok := s.value(ref.Value)
		switch {
		case ok:
			out[name] = value
		case required:
			return out, false
		}
	}
	return out, s.more(schema, out)
}

// depth is how many objects and lists a value is in.
func (s *sampler) depth() int {
	n := 0
	for _, schema := range s.within {
		if t := typeOf(schema); t == openapi3.TypeObject || t == openapi3.TypeArray {
			n++
		}
	}
	return n
}

// more adds what a schema asks for without describing it.
func (s *sampler) more(schema *openapi3.Schema, out map[string]any) bool {
	add := func(name string) bool {
		var value any = "text"
		if of := schema.AdditionalProperties.Schema; of != nil && of.Value != nil {
			made, ok := s.value(of.Value)
			if !ok {
				return false
			}
			value = made
		}
		out[name] = value
		return true
	}
	for _, name := range schema.Required {
		if _, there := out[name]; !there && schema.Properties[name] == nil && !add(name) {
			return false
		}
	}
	if len(out) == 0 && schema.AdditionalProperties.Schema != nil && (schema.MaxProps == nil || *schema.MaxProps > 0) && s.depth() <= fullDepth {
		add("key")
	}
	for n := 1; uint64(len(out)) < min(schema.MinProps, mostItems); n++ {
		if !add(fmt.Sprintf("key%d", n)) {
			return false
		}
	}
	return true
}

// array makes as many as there must be, or one.
func (s *sampler) array(schema *openapi3.Schema) (any, bool) {
	most := uint64(mostItems)
	if schema.MaxItems != nil {
		most = min(most, *schema.MaxItems)
	}
	out := []any{}
	for _, ref := range schema.PrefixItems {
		if ref == nil || ref.Value == nil || uint64(len(out)) >= most {
			break
		}
		value, ok := s.value(ref.Value)
		if !ok {
			return out, uint64(len(out)) >= schema.MinItems
		}
		out = append(out, value)
	}
	want := min(max(schema.MinItems, 1), most)
	for uint64(len(out)) < want {
		var value any = "text"
		if schema.Items != nil && schema.Items.Value != nil {
			made, ok := s.value(schema.Items.Value)
			if !ok {
				return out, uint64(len(out)) >= schema.MinItems
			}
			value = made
		}
		if schema.UniqueItems && len(out) > 0 {
			if value = other(value, schema.Items, len(out)); value == nil {
				break
			}
		}
		out = append(out, value)
	}
	return out, true
}

// other is another value of the items' schema than those before it, nil where none is known.
func other(value any, ref *openapi3.SchemaRef, n int) any {
	if ref == nil || ref.Value == nil {
		return varied(value, n)
	}
	if n < len(ref.Value.Enum) {
		return ref.Value.Enum[n]
	}
	candidates := []any{varied(value, n)}
	if object, ok := value.(map[string]any); ok {
		for _, name := range slices.Sorted(maps.Keys(object)) {
			next := maps.Clone(object)
			next[name] = varied(object[name], n)
			candidates = append(candidates, next)
		}
	}
	for _, candidate := range candidates {
		if asJSON(candidate) != nil && !reflect.DeepEqual(candidate, value) && ref.Value.VisitJSON(candidate) == nil {
			return candidate
		}
	}
	return nil
}

// varied is another value of the same kind, the value itself where there is none.
func varied(value any, n int) any {
	switch v := value.(type) {
	case int64:
		return v + int64(n)
	case float64:
		return v + float64(n)
	case string:
		return v + strconv.Itoa(n)
	}
	return value
}
