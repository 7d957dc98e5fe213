package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest"
)

// serviceFolder is a folder with a service that a Procfile starts.
func serviceFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "prices")
	require.NoError(t, os.Mkdir(dir, 0o755))
	write(t, dir, "Procfile", "web: python3 app.py --port $PORT\n")
	write(t, dir, ".env.example", "RATES_URL=https://rates.example\nAPI_TOKEN=geheimgeheim1\n")
	return dir
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestInitDraftsAFileThatIsValid(t *testing.T) {
	dir := serviceFolder(t)
	log := write(t, t.TempDir(), "access.log", `10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /price/42?token=geheimgeheim2 HTTP/1.1" 200 17`+"\n")
	code, stdout, stderr := holdfast(t, nil, "init", dir, "--access-log", log, "--curl", "curl -d 'item=7&email=ada@shop.io' http://localhost/orders")
	require.Equal(t, exitPass, code, stderr)
	file := filepath.Join(dir, manifest.FileName)
	require.Contains(t, stdout, file+": 1 process, 1 dependency, 2 scenarios\nnext: holdfast plan "+file)
	require.Contains(t, stderr, "left out, for being secret or personal: .env.example:2 API_TOKEN\n")
	require.Contains(t, stderr, "left out, for being secret or personal: access.log: GET /price/{id} query.token (secret)\n")
	require.Contains(t, stderr, "left out, for being secret or personal: the curl command: POST /orders query.email (e-mail address)\n")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(text)+stdout+stderr, "geheim")
	require.NotContains(t, string(text)+stdout+stderr, "ada@shop.io")
	code, _, stderr = holdfast(t, nil, "validate", dir)
	require.Equal(t, exitPass, code, stderr)
	code, stdout, stderr = holdfast(t, nil, "plan", dir)
	require.Equal(t, exitPass, code, stderr)
	require.Contains(t, stdout, "sends 120 requests of price-one to web")
}

// A recording of a browser has requests with their bodies, and a description of the API
// those that no recording has.
func TestInitDraftsWhatAnArchiveAndADescriptionHave(t *testing.T) {
	dir := serviceFolder(t)
	har := write(t, t.TempDir(), "shop.har", `{"log":{"entries":[
	  {"startedDateTime":"2025-10-10T12:00:00Z","time":12,"request":{"method":"POST","url":"https://shop.example/orders","headers":[{"name":"Authorization","value":"Bearer geheimgeheim3"}],"postData":{"mimeType":"application/json","text":"{\"item\":7,\"email\":\"ada@shop.io\"}"}},"response":{"status":201,"content":{"mimeType":"application/json"}}}]}}`)
	api := write(t, dir, "shop.yaml", `openapi: 3.0.3
info: { title: Shop, version: "1" }
paths:
  /price/{item}:
    get:
      parameters: [ { name: item, in: path, required: true, schema: { type: integer, example: 42 } } ]
      responses: { "200": { description: What it costs. } }
`)
	code, _, stderr := holdfast(t, nil, "init", dir, "--har", har, "--openapi", api)
	require.Equal(t, exitPass, code, stderr)
	require.Contains(t, stderr, "left out, for being secret or personal: shop.har: POST /orders")
	text, err := os.ReadFile(filepath.Join(dir, manifest.FileName))
	require.NoError(t, err)
	require.NotContains(t, string(text)+stderr, "geheim")
	require.NotContains(t, string(text)+stderr, "ada@shop.io")
	require.Contains(t, string(text), "openapi: shop.yaml", "coverage is told of it")
	code, _, stderr = holdfast(t, nil, "validate", dir)
	require.Equal(t, exitPass, code, stderr)
	code, stdout, stderr := holdfast(t, nil, "plan", dir)
	require.Equal(t, exitPass, code, stderr)
	require.Contains(t, stdout, "sends 120 requests of post-orders to web")
	require.Contains(t, stdout, "sends 120 requests of price-one to web")
	require.Contains(t, stdout, "scenarios ask 1 of 1 routes")
}

// What stands beside the file is there for its runs, too; what stands elsewhere need not
// be.
func TestInitKeepsWhatCoverageIsToldOf(t *testing.T) {
	line := `10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /price/42 HTTP/1.1" 200 17` + "\n"
	for _, row := range []struct {
		dir  string
		want string
	}{{"logs", "access_log: logs/access.log"}, {"../elsewhere", ""}} {
		dir := serviceFolder(t)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, row.dir), 0o700))
		code, _, stderr := holdfast(t, nil, "init", dir, "--access-log", write(t, filepath.Join(dir, row.dir), "access.log", line))
		require.Equal(t, exitPass, code, stderr)
		text, err := os.ReadFile(filepath.Join(dir, manifest.FileName))
		require.NoError(t, err)
		if row.want == "" {
			require.NotContains(t, string(text), "coverage:")
			continue
		}
		require.Contains(t, string(text), row.want)
		_, stdout, _ := holdfast(t, nil, "plan", dir)
		require.Contains(t, stdout, "scenarios ask 1 of 1 routes")
	}
}

func TestInitWritesOverNothing(t *testing.T) {
	dir := serviceFolder(t)
	file := write(t, dir, manifest.FileName, "mine")
	code, _, stderr := holdfast(t, nil, "init", dir)
	require.Equal(t, exitUsage, code)
	require.Equal(t, "holdfast: "+file+" is there already; --force writes over it, --out FILE writes another\n", stderr)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "mine", string(text))
	code, _, stderr = holdfast(t, nil, "init", dir, "--force")
	require.Equal(t, exitPass, code, stderr)
	code, _, stderr = holdfast(t, nil, "validate", dir)
	require.Equal(t, exitPass, code, stderr)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3, "nothing is left beside the file")
}

// The file may stand elsewhere: its commands run in the service's folder all the same.
func TestInitWritesAFileThatStandsElsewhere(t *testing.T) {
	dir := serviceFolder(t)
	out := filepath.Join(t.TempDir(), "ci.yaml")
	code, _, stderr := holdfast(t, nil, "init", dir, "--out", out)
	require.Equal(t, exitPass, code, stderr)
	service, err := manifest.Load(out, manifest.Options{})
	require.NoError(t, err)
	require.Equal(t, "prices", service.File.Name)
	require.Equal(t, dir, service.Launch.Processes[0].Dir)
}

func TestInitSaysInOneLineWhatItCannotRead(t *testing.T) {
	dir := serviceFolder(t)
	text := write(t, t.TempDir(), "notes.txt", "geheim\n")
	for name, row := range map[string]struct {
		args []string
		says string
	}{
		"no folder":          {[]string{"init", filepath.Join(dir, "none")}, "there is no folder"},
		"a file":             {[]string{"init", text}, "there is no folder"},
		"no log":             {[]string{"init", dir, "--access-log", filepath.Join(dir, "none.log")}, "--access-log: there is no file"},
		"a log that is none": {[]string{"init", dir, "--access-log", text}, "no line of it is one of an access log"},
		"a folder":           {[]string{"init", dir, "--har", dir}, "is no regular file"},
		"no archive":         {[]string{"init", dir, "--har", text}, "it is no HTTP archive"},
		"no command":         {[]string{"init", dir, "--curl", text}, "there is no curl command in it"},
		"no description":     {[]string{"init", dir, "--openapi", text}, "--openapi " + text},
		"two folders":        {[]string{"init", dir, dir}, "at most 1 arg"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := holdfast(t, nil, row.args...)
			require.Equal(t, exitUsage, code)
			require.Contains(t, stderr, row.says)
			require.NotContains(t, stderr, "geheim\n")
			require.Empty(t, stdout)
			require.NoFileExists(t, filepath.Join(dir, manifest.FileName))
		})
	}
}
