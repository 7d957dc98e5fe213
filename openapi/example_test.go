package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is made of a schema is one of its values: the library that judges knows nothing of
// how it was made.
func TestExamplesAreAsTheirSchemasSay(t *testing.T) {
	for _, file := range []string{"payments.yaml", "tracker.yaml", "shapes.json", "old.yaml", "split/api.yaml"} {
		d, err := Read(filepath.Join("testdata", file))
		require.NoError(t, err)
		for i, o := range d.Operations {
			if o.ID == "get_forever" {
				continue // it has no value
			}
			for _, a := range o.Answers {
				_, media := chosen(d.rules[i].operation.Responses.Value(a.Status).Value.Content)
				if media != nil && media.Schema != nil && len(media.Examples) == 0 {
					require.NoError(t, fits(d, media.Schema.Value, a.Example, openapi3.VisitAsResponse()), "%s %s %s", file, o.ID, a.Status)
				}
			}
			if o.Body != nil {
				_, media := chosen(d.rules[i].operation.RequestBody.Value.Content)
				require.NoError(t, fits(d, media.Schema.Value, o.Body.Example, openapi3.VisitAsRequest()), "%s %s", file, o.ID)
			}
		}
	}
}

func fits(d *Description, schema *openapi3.Schema, example json.RawMessage, o ...openapi3.SchemaValidationOption) error {
	var value any
	if err := json.Unmarshal(example, &value); err != nil {
		return err
	}
	if d.newer != nil {
		o = append(o, openapi3.EnableJSONSchema2020())
	}
	return schema.VisitJSON(value, o...)
}

// schemas draws schemas that have a value, of any depth.
func schemas(depth int) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		kinds := []string{"string", "integer", "number", "boolean"}
		if depth > 0 {
			kinds = append(kinds, "object", "array", "allOf", "oneOf", "object")
		}
		one := func(what string, of []string) string { return rapid.SampledFrom(of).Draw(t, what) }
		maybe := func(what string) bool { return rapid.Bool().Draw(t, what) }
		s := map[string]any{}
		switch kind := one("kind", kinds); kind {
		case "string":
			s["type"] = "string"
			switch one("form", []string{"", "format", "pattern", "enum", "length"}) {
			case "format":
				s["format"] = one("format", slices.Sorted(maps.Keys(formats)))
			case "pattern":
				s["pattern"] = one("pattern", []string{`^[a-z]{3}$`, `^ch_[A-Za-z0-9]{8,12}$`, `^\d+\.\d{2}$`, `^(a|b)+$`, `[^a-z]`, `^\+?[1-9]\d{1,14}$`, `^[A-Z]{2}[0-9]{2}( [0-9]{4}){3,4}$`, `^.{5,}$`})
			case "enum":
				s["enum"] = []any{"x", "y"}
			case "length":
				least := rapid.IntRange(0, 30).Draw(t, "least")
				s["minLength"], s["maxLength"] = least, least+rapid.IntRange(0, 5).Draw(t, "more")
			}
		case "integer", "number":
			s["type"] = kind
			low := rapid.IntRange(-50, 50).Draw(t, "low")
			if maybe("bounded below") {
				s["minimum"] = low
				s["exclusiveMinimum"] = maybe("open below")
			}
			if maybe("bounded above") {
				s["maximum"] = low + 40
				s["exclusiveMaximum"] = maybe("open above")
			}
			if maybe("multiple") {
				s["multipleOf"] = rapid.IntRange(1, 9).Draw(t, "of")
			}
		case "boolean":
			s["type"] = kind
		case "array":
			s["type"], s["items"] = kind, schemas(depth-1).Draw(t, "items")
			least := rapid.IntRange(0, 4).Draw(t, "least")
			s["minItems"], s["maxItems"] = least, least+rapid.IntRange(0, 2).Draw(t, "more")
		case "object":
			s["type"] = kind
			properties := map[string]any{}
			for i := range rapid.IntRange(0, 4).Draw(t, "properties") {
				properties[fmt.Sprint("p", i)] = schemas(depth-1).Draw(t, "property")
			}
			s["properties"] = properties
			if len(properties) > 0 && maybe("required") {
				s["required"] = slices.Sorted(maps.Keys(properties))[:1]
			}
			if maybe("closed") {
				s["additionalProperties"] = false
			} else if maybe("many") {
				s["minProperties"] = 6
			}
		case "allOf":
			s["allOf"] = []any{
				map[string]any{"type": "object", "required": []any{"a"}, "properties": map[string]any{"a": schemas(depth-1).Draw(t, "a")}},
				map[string]any{"type": "object", "properties": map[string]any{"b": schemas(depth-1).Draw(t, "b")}},
			}
		case "oneOf":
			s["oneOf"] = []any{map[string]any{"type": "object", "required": []any{"left"}, "properties": map[string]any{"left": schemas(depth-1).Draw(t, "left")}, "additionalProperties": false}, map[string]any{"type": "boolean"}}
		}
		s["nullable"] = maybe("nullable")
		return s
	})
}

func TestAnExampleOfAnySchemaIsOneOfItsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(schemas(3).Draw(t, "schema"))
		require.NoError(t, err)
		var schema openapi3.SchemaRef
		require.NoError(t, json.Unmarshal(text, &schema))
		request := rapid.Bool().Draw(t, "request")
		example := (&sampler{request: request}).example(nil, nil, &schema)
		require.JSONEq(t, string(example), string((&sampler{request: request}).example(nil, nil, &schema)), "it is always the same")
		require.NoError(t, fits(&Description{}, schema.Value, example), "%s is no %s", example, text)
	})
}

func TestWhatContainsItselfEnds(t *testing.T) {
	for name, row := range map[string]struct{ schema, want string }{
		"an optional property":    {`{"type": "object", "properties": {"a": {"$ref": "S"}, "b": {"type": "boolean"}}}`, `{"a": {}, "b": true}`},
		"a list":                  {`{"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"$ref": "S"}}}}`, `{"a": []}`},
		"null":                    {`{"type": "object", "nullable": true, "required": ["a"], "properties": {"a": {"$ref": "S"}}}`, `{"a": null}`},
		"the other alternative":   {`{"oneOf": [{"type": "array", "minItems": 1, "items": {"$ref": "S"}}, {"type": "string"}]}`, `"text"`},
		"nothing, where it can't": {`{"type": "object", "required": ["a"], "properties": {"a": {"$ref": "S"}}}`, `{}`},
		"of any":                  {`{"type": "object", "additionalProperties": {"$ref": "S"}}`, `{"key": {}}`},
	} {
		file := written(t, `{"openapi": "3.0.0", "paths": {"/": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}}}}}}, "components": {"schemas": {"S": `+strings.ReplaceAll(row.schema, `"S"`, `"#/components/schemas/S"`)+`}}}`)
		d, err := Read(file)
		require.NoError(t, err, name)
		require.JSONEq(t, row.want, string(d.Operations[0].Answers[0].Example), name)
	}
}

// What is wide and deep is made only so far.
func TestAnExampleIsNotEndless(t *testing.T) {
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, `, "S%d": {"type": "object", "properties": {`, i)
		for j := range 30 {
			if j > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, `"p%d": {"$ref": "#/components/schemas/S%d"}`, j, (i+j+1)%60)
		}
		b.WriteString(`}, "required": ["p0", "p1"]}`)
	}
	file := written(t, `{"openapi": "3.0.0", "paths": {"/": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}}}}}, "components": {"schemas": {`+b.String()[1:]+`}}}`)
	d, err := Read(file)
	require.NoError(t, err)
	require.Less(t, len(d.Operations[0].Answers[0].Example), 1<<20)
}
