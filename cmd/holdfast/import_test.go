package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// importing runs holdfast import.
func importing(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return holdfast(t, nil, append([]string{"import"}, args...)...)
}

// corpusFile is a file that the tests of the readers have.
func corpusFile(name string) string { return filepath.Join("..", "..", "importer", "testdata", name) }

func TestImportWritesWholeOrNotAtAll(t *testing.T) {
	out := filepath.Join(t.TempDir(), "holdfast.yaml")
	code, stdout, stderr := importing(t, "k6", corpusFile("k6/journey.js"), "--out", out)
	require.Equal(t, 0, code, stderr)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "carried over: ")
	require.Regexp(t, `(?m)^not carried over: .*journey\.js:5 default of k6/x/sql: `, stderr)
	require.Regexp(t, `(?m)^taken out: .*journey\.js:23 header X-Api-Key: secret$`, stderr)
	require.NotContains(t, stderr, "k-1234567890abcdef")
	require.NotContains(t, stderr, "to be mended")
	made, err := os.ReadFile(out)
	require.NoError(t, err)
	require.NotContains(t, string(made), "k-1234567890abcdef")
	code, _, stderr = holdfast(t, nil, "validate", out)
	require.Equal(t, 0, code, stderr)

	code, _, stderr = importing(t, "k6", corpusFile("k6/closed.js"), "--out", out)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "--force")
	same, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, made, same, "nothing was written over")

	code, _, _ = importing(t, "k6", corpusFile("k6/closed.js"), "--out", out, "--force")
	require.Equal(t, 0, code)
	other, err := os.ReadFile(out)
	require.NoError(t, err)
	require.NotEqual(t, made, other)

	code, _, stderr = importing(t, "k6", corpusFile("k6/commonjs.js"), "--out", out, "--force")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "commonjs.js:3: ")
	still, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, other, still, "an import that fails leaves what was there")
	left, err := os.ReadDir(filepath.Dir(out))
	require.NoError(t, err)
	require.Len(t, left, 1, "and nothing beside it")
}

func TestImportOfEachTool(t *testing.T) {
	for _, row := range []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"a folder of mappings", []string{"wiremock", corpusFile("wiremock")}, 0, "routes:\n", "not carried over: "},
		{"several files", []string{"wiremock", corpusFile("wiremock/simple.json"), corpusFile("wiremock/json-body.json")}, 0, "get-json:", "carried over: "},
		{"a body beside the mappings", []string{"wiremock", corpusFile("wiremock/bodies.json")}, 0, "from a file", "taken out: "},
		{"targets with a rate", []string{"vegeta", corpusFile("vegeta/plain.txt"), "--rate", "3000/1m", "--duration", "10s"}, 0, "baseline: 10s", "16.666666/s"},
		{"a bad rate", []string{"vegeta", corpusFile("vegeta/plain.txt"), "--rate", "fast"}, exitUsage, "", "--rate"},
		{"a script", []string{"artillery", corpusFile("artillery/shop.yml")}, 0, "scenarios:", "carried over: "},
		{"proxies", []string{"toxiproxy", corpusFile("toxiproxy/api.json")}, 0, "fault: refuse cut", "carried over: "},
		{"nothing to carry over", []string{"wiremock", corpusFile("wiremock/proxying.json")}, exitUsage, "", "not carried over: "},
		{"two scripts", []string{"k6", corpusFile("k6/closed.js"), corpusFile("k6/closed.js")}, exitUsage, "", "there are 2"},
		{"no such file", []string{"k6", "nowhere.js"}, exitUsage, "", "nowhere.js"},
		{"a folder where none is taken", []string{"k6", corpusFile("k6")}, exitUsage, "", "is a folder"},
		{"no file", []string{"k6"}, exitUsage, "", "requires at least 1 arg"},
		{"another tool", []string{"jmeter", "x"}, exitUsage, "", "jmeter"},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, stdout, stderr := importing(t, row.args...)
			require.Equal(t, row.code, code, stderr)
			require.Contains(t, stdout, row.stdout)
			require.Contains(t, stderr, row.stderr)
			if row.code != 0 {
				require.Empty(t, stdout, "whole or not at all")
			}
		})
	}
}

// What a file of values should be and is not, is said when it is imported.
func TestImportSaysWhatIsToBeMended(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script.yml")
	text, err := os.ReadFile(corpusFile("artillery/shop.yml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(script, text, 0o600))
	code, stdout, stderr := importing(t, "artillery", script)
	require.Equal(t, 0, code)
	require.NotEmpty(t, stdout)
	require.Regexp(t, `(?m)^to be mended: .*keywords\.csv`, stderr)
}

// Each command line of docs/import.md does what it says, on files of those names.
func TestTheCommandLinesOfTheImportPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/import.md")
	require.NoError(t, err)
	here, err := os.Getwd()
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	for name, from := range map[string]string{
		"script.js": "k6/closed.js", "options.json": "k6/inspect.json", "script.yml": "artillery/quick.yml", "targets.txt": "vegeta/plain.txt",
		"mappings/a.json": "wiremock/simple.json", "toxiproxy.json": "toxiproxy/api.json",
	} {
		text, err := os.ReadFile(filepath.Join(here, corpusFile(from)))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, text, 0o600))
	}
	ran := 0
	for line := range strings.Lines(string(page)) {
		words := strings.Fields(line)
		if !strings.HasPrefix(line, "    holdfast import ") {
			continue
		}
		ran++
		code, _, stderr := holdfast(t, nil, append(words[1:], "--force")...)
		require.Equal(t, 0, code, "%s: %s", line, stderr)
	}
	require.GreaterOrEqual(t, ran, 7)
	require.FileExists(t, "routes.yaml")
	require.FileExists(t, "holdfast.yaml")
}
