package manifest_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"holdfast.dev/holdfast/manifest"
)

// schema is the JSON Schema of the file, understood by a library that knows nothing
// of this package.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := manifest.Schema()
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource(manifest.SchemaID, document))
	compiled, err := c.Compile(manifest.SchemaID)
	require.NoError(t, err)
	return compiled
}

// instance is what a reader of YAML makes of a text, for a schema.
func instance(t *testing.T, text []byte) (v any, err error) {
	t.Helper()
	err = yaml.Unmarshal(text, &v)
	return v, err
}

func TestTheSchemaTakesGoodFiles(t *testing.T) {
	s := schema(t)
	for _, file := range goodFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		v, err := instance(t, text)
		require.NoError(t, err)
		require.NoError(t, s.Validate(v), file)
	}
}
