package result_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

// compile makes a validator. strict forbids what the schema does not name, as
// our own writer must keep to it; readers need not.
func compile(t testing.TB, strict bool) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(result.JSONSchema()))
	require.NoError(t, err)
	if strict {
		forbidUnknown(doc)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("run.schema.json", doc))
	schema, err := c.Compile("run.schema.json")
	require.NoError(t, err)
	return schema
}

func forbidUnknown(node any) {
	object, ok := node.(map[string]any)
	if !ok {
		return
	}
	if _, named := object["properties"]; named && object["type"] == "object" {
		object["additionalProperties"] = false
	}
	for _, child := range object {
		forbidUnknown(child)
	}
}

func validate(t require.TestingT, schema *jsonschema.Schema, data []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	return schema.Validate(doc)
}

// The runs that reports are tested with keep to it as well.
func TestSampleFilesKeepToTheSchema(t *testing.T) {
	files, err := filepath.Glob("../../reports/testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, validate(t, compile(t, true), data), file)
	}
}

func TestTheSchemaRefuses(t *testing.T) {
	for _, c := range []struct{ name, from, to string }{
		{"another schema", `"holdfast.run/3"`, `"holdfast.run/4"`},
		{"a schema that only begins alike", `"holdfast.run/3"`, `"holdfast.run/30"`},
		{"an unknown verdict", `"verdict": "pass"`, `"verdict": "great"`},
		{"a count below zero", `"planned": 100`, `"planned": -1`},
		{"text for a number", `"threshold": 1`, `"threshold": "1"`},
		{"an unknown operator", `"op": "<="`, `"op": "~"`},
		{"a date that is none", `"2026-01-02T03:04:05Z"`, `"yesterday"`},
		{"a missing field", `"complete": true,`, ``},
		{"nothing for a number", `"threshold": 1`, `"threshold": null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole := string(encode(t, fullRun(t)))
			require.Contains(t, whole, c.from)
			require.Error(t, validate(t, compile(t, false), []byte(strings.Replace(whole, c.from, c.to, 1))))
		})
	}
}

func TestTheSchemaLetsMinorVersionsAdd(t *testing.T) {
	whole := strings.Replace(string(encode(t, fullRun(t))), `"holdfast.run/3",`, `"holdfast.run/3.1", "invented_later": true,`, 1)
	require.NoError(t, validate(t, compile(t, false), []byte(whole)))
}

// Every field of the types is in the schema, under its name, and no other; what
// is always written is required.
func TestTheSchemaNamesEveryField(t *testing.T) {
	var doc struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(result.JSONSchema(), &doc))
	doc.Defs["run"] = doc.object
	seen := map[string]bool{}
	compareType(t, doc.Defs, reflect.TypeFor[result.Run](), seen)
	for name, def := range doc.Defs {
		if def.Properties != nil {
			require.True(t, seen[name], "nothing in the types is called %s", name)
		}
	}
}

type object struct {
	Required   []string                   `json:"required"`
	Properties map[string]json.RawMessage `json:"properties"`
}

func compareType(t *testing.T, defs map[string]object, typ reflect.Type, seen map[string]bool) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		compareType(t, defs, typ.Elem(), seen)
		return
	case reflect.Struct:
	default:
		return
	}
	name := strings.ToLower(typ.Name()[:1]) + typ.Name()[1:]
	if typ == reflect.TypeFor[time.Time]() || seen[name] {
		return
	}
	seen[name] = true
	var all, required []string
	for _, f := range reflect.VisibleFields(typ) {
		if f.Anonymous {
			continue
		}
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		require.NotEmpty(t, tag, "%s.%s has no name in the file", typ, f.Name)
		require.Equal(t, strings.ToLower(tag), tag)
		all = append(all, tag)
		if options == "" {
			required = append(required, tag)
		}
		compareType(t, defs, f.Type, seen)
	}
	require.ElementsMatch(t, all, slices.Collect(maps.Keys(defs[name].Properties)), "properties of %s", name)
	require.ElementsMatch(t, required, defs[name].Required, "what is required of %s", name)
}
