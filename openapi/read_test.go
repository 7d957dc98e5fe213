package openapi

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the golden files anew")

// described is a description as a text, to be compared.
func described(t *testing.T, d *Description) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q\n", d.Title, d.Servers)
	for _, o := range d.Operations {
		fmt.Fprintf(&b, "\n%s: %s %s %q\n", o.ID, o.Method, o.Path, o.Templates)
		for _, c := range o.Credentials {
			fmt.Fprintf(&b, "  let in by %s %s %q\n", c.In, c.Name, c.Prefix)
		}
		for _, p := range o.Parameters {
			fmt.Fprintf(&b, "  %s %s required=%v %s\n", p.In, p.Name, p.Required, p.Example)
		}
		if o.Body != nil {
			fmt.Fprintf(&b, "  sends %s required=%v %s\n", o.Body.MediaType, o.Body.Required, o.Body.Example)
		}
		for _, a := range o.Answers {
			fmt.Fprintf(&b, "  %s %s %s %v\n", a.Status, a.MediaType, a.Example, a.Headers)
		}
	}
	for _, note := range d.NotesOf(nil) {
		fmt.Fprintf(&b, "\nnote: %s", note)
	}
	return b.String() + "\n"
}

func TestDescriptionsBecomeValues(t *testing.T) {
	for _, file := range []string{"payments.yaml", "tracker.yaml", "shapes.json", "old.yaml", "split/api.yaml"} {
		t.Run(file, func(t *testing.T) {
			d, err := Read(filepath.Join("testdata", file))
			require.NoError(t, err)
			golden := filepath.Join("testdata", strings.TrimSuffix(file, filepath.Ext(file))+".golden")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(described(t, d)), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), described(t, d))
		})
	}
}

// A description in JSON, with a mark at its beginning or with another system's line ends, is
// the same.
func TestOneDescriptionIsWrittenInManyWays(t *testing.T) {
	text, err := os.ReadFile("testdata/payments.yaml")
	require.NoError(t, err)
	want, err := Read("testdata/payments.yaml")
	require.NoError(t, err)
	var node yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &node))
	asJSON, err := jsonOf(&node)
	require.NoError(t, err)
	for name, other := range map[string]string{
		"a byte order mark": "\ufeff" + string(text), "CRLF": strings.ReplaceAll(string(text), "\n", "\r\n"),
		"JSON": string(asJSON), "JSON with a character that YAML has not": strings.Replace(string(asJSON), "Charges a card", "Charges\u007f a card", 1),
	} {
		got, err := Read(written(t, other))
		require.NoError(t, err, name)
		require.Equal(t, described(t, want), described(t, got), name)
	}
}

func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "api.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestWhatCannotBeReadIsSaidInOneLine(t *testing.T) {
	const head = "openapi: 3.0.0\ninfo: {title: x, version: '1'}\npaths:\n  /a:\n    get:\n      responses:\n"
	schema := func(of string) string {
		return head + "        '200':\n          content: {application/json: {schema: " + of + "}}\n"
	}
	bomb := "openapi: 3.0.0\nx0: &a0 [l,l,l,l,l,l,l,l,l]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("x%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i+1, i+1, i, i, i, i, i, i, i, i, i)
	}
	for name, row := range map[string]struct{ text, want string }{
		"empty":                    {"", ": it is no OpenAPI file"},
		"a text":                   {"hello", ": it is no OpenAPI file"},
		"a list":                   {"[]", ": it is no OpenAPI file"},
		"binary":                   {"\x00\x01\x02", ": it cannot be read: control characters"},
		"another kind of file":     {"version: 1\nname: shop\n", ": it is no OpenAPI file: there is neither openapi nor swagger at its top"},
		"a version to come":        {"openapi: 4.0.0\npaths: {}\n", `: openapi is "4.0.0"`},
		"an old version":           {"swagger: '1.2'\n", `: swagger is "1.2"`},
		"no operations":            {"openapi: 3.0.0\npaths: {/a: {}}\n", ": it describes no operations"},
		"broken YAML":              {"openapi: 3.0.0\npaths: [\n", ":2: it cannot be read"},
		"a wrong type":             {head + "        '200': {content: 5}\n", ":7: it cannot be read: cannot construct"},
		"a wrong type in the old":  {"swagger: '2.0'\npaths: 5\n", ": cannot unmarshal number"},
		"a reference to nothing":   {schema("{$ref: '#/components/schemas/Nix'}"), ":8: failed to resolve"},
		"a file that is not there": {schema("{$ref: nix.yaml}"), `: $ref to "nix.yaml": no such file`},
		"the network":              {schema("{$ref: 'https://evil.example/a.yaml'}"), `:8: $ref "https://evil.example/a.yaml" leads to the network`},
		"the network, short":       {schema("{$ref: '//evil.example/a.yaml'}"), `:8: $ref "//evil.example/a.yaml" leads to the network`},
		"another folder":           {schema("{$ref: '../../secret.yaml#/a'}"), ":8: $ref \"../../secret.yaml#/a\" leaves the folder"},
		"another folder, in time":  {schema("{$ref: 'a/../../secret.yaml'}"), "leaves the folder"},
		"another folder, escaped":  {schema("{$ref: '%2e%2e/secret.yaml'}"), "leaves the folder"},
		"a path from the root":     {schema("{$ref: /etc/passwd}"), "leaves the folder"},
		"aliases without end":      {bomb + "paths: {}\n", "excessive aliasing"},
		"brackets without end":     {"openapi: 3.0.0\npaths: " + strings.Repeat("[", 200_000), "exceeded max depth"},
		"escapes of a terminal":    {"openapi: \"\\e[31m4\"\n", `: openapi is " [31m4"`},
	} {
		t.Run(name, func(t *testing.T) {
			file := written(t, row.text)
			_, err := Read(file)
			require.ErrorContains(t, err, row.want)
			require.True(t, strings.HasPrefix(err.Error(), file+":"), err)
			require.NotContains(t, err.Error(), "\n")
			require.NotContains(t, err.Error(), "\x1b")
			require.Less(t, len(err.Error()), 600)
		})
	}
}

func TestALinkOutOfTheFolderIsNotFollowed(t *testing.T) {
	outside := written(t, "type: string\nexample: secret\n")
	file := written(t, "openapi: 3.0.0\npaths: {/a: {get: {responses: {'200': {content: {application/json: {schema: {$ref: in.yaml}}}}}}}}\n")
	require.NoError(t, os.Symlink(outside, filepath.Join(filepath.Dir(file), "in.yaml")))
	_, err := Read(file)
	require.ErrorContains(t, err, "escapes")
}

func TestFilesThatAreNone(t *testing.T) {
	_, err := Read(filepath.Join(t.TempDir(), "nix.yaml"))
	require.ErrorContains(t, err, "no such file")
	_, err = Read(filepath.Join(t.TempDir(), "nix", "nix.yaml"))
	require.ErrorContains(t, err, "no such file")
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "api.yaml"), 0o700))
	_, err = Read(filepath.Join(dir, "api.yaml"))
	require.ErrorContains(t, err, "it is no file")
}

// A large description takes seconds, and one that is too large nothing.
func TestADescriptionOf2MB(t *testing.T) {
	var b strings.Builder
	b.WriteString("openapi: 3.0.0\ninfo: {title: Large, version: '1'}\npaths:\n")
	for i := 0; b.Len() < 2<<20; i++ {
		fmt.Fprintf(&b, "  /things%d/{id}:\n    get:\n      operationId: get%d\n      parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}, default: {description: %s}}\n", i, i, strings.Repeat("long ", 200))
	}
	b.WriteString("components: {schemas: {Thing: {type: object, properties: {")
	for i := range 40 {
		fmt.Fprintf(&b, "p%d: {$ref: '#/components/schemas/Thing'}, q%d: {type: array, items: {$ref: '#/components/schemas/Thing'}}, ", i, i)
	}
	b.WriteString("id: {type: string}}}}}\n")
	file := written(t, b.String())
	start := time.Now()
	d, err := Read(file)
	require.NoError(t, err)
	require.Greater(t, len(d.Operations), 1200)
	require.Less(t, time.Since(start), time.Minute)

	_, err = Read(written(t, strings.Repeat("# too much\n", MaxBytes/11+1)))
	require.ErrorContains(t, err, "more than 32 MiB")
}

func FuzzRead(f *testing.F) {
	// They are short: the engine makes each that is worth to keep as short as it can.
	f.Add("openapi: 3.0.0\npaths: {/a/{b}: {get: {parameters: [{name: b, in: path, schema: {type: integer}}], responses: {200: {content: {a/b: {schema: {$ref: '#/components/schemas/C'}}}}}}}}\ncomponents: {schemas: {C: {allOf: [{$ref: '#/components/schemas/C'}]}}}\n")
	f.Add(`{"openapi": "3.1.0", "paths": {"/": {"post": {"requestBody": {"content": {"application/json": {"schema": {"type": ["string", "null"], "pattern": "^a+$"}}}}}}}}`)
	f.Add("swagger: '2.0'\npaths: {/a: {put: {parameters: [{in: body, schema: {$ref: '#/definitions/C'}}], responses: {200: {}}}}}\ndefinitions: {C: {enum: [1]}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Read(written(t, text))
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		ids := map[string]bool{}
		for _, o := range d.Operations {
			require.False(t, ids[o.ID], "two operations are %q", o.ID)
			ids[o.ID] = true
		}
	})
}
