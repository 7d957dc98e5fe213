package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// service writes the file of a service, and beside it a .env where there is one.
func serviceIn(t *testing.T, text, dotenv string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "holdfast.yaml"), []byte(text), 0o600))
	if dotenv != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(dotenv), 0o600))
	}
	return dir
}

const pages = `version: 1
name: pages
processes: { web: { command: [python3, app.py], env: { PORT: "{port}", API: "http://127.0.0.1:1" } } }
scenarios:
  - name: page/steady
    claim: A page is there.
    timeline: { baseline: 1s }
    load: [ { name: page, rate: 5/s, request: { path: / } } ]
    checks: [ "page.ok_ratio >= 100%" ]
`

func TestADotenvFileIsNoWayIn(t *testing.T) {
	dir := serviceIn(t, pages, "API=https://api.example\nDATABASE_URL=postgres://me:hunter22@localhost/shop\n")
	for _, args := range [][]string{{"validate", dir}, {"run", "--service", dir, "--all"}, {"prove", "--service", dir}} {
		code, stdout, stderr := holdfast(t, nil, args...)
		require.Equal(t, exitUsage, code, args)
		require.Contains(t, stderr, filepath.Join(dir, ".env")+":2:1: DATABASE_URL leads to a database or a broker of this machine")
		require.NotContains(t, stderr, "API", "what the file of the service sets, the .env does not")
		require.NotContains(t, stdout+stderr, "hunter22")
	}
	code, stdout, stderr := holdfast(t, nil, "plan", dir)
	require.Equal(t, exitPass, code, stderr)
	require.Contains(t, stdout, "API, DATABASE_URL", "a plan lists the names")
	require.Contains(t, stdout, "a run is refused")
	require.NotContains(t, stdout+stderr, "hunter22")
}

const elsewhere = `version: 1
name: pages
processes: { web: { url: "https://staging.example" } }
scenarios:
  - name: page/steady
    claim: A page is there.
    timeline: { baseline: 1s }
    load: [ { name: page, rate: 50/s, request: { path: / } } ]
    checks: [ "page.ok_ratio >= 100%" ]
`

func TestSomebodyElsesServiceIsNamedOnPurpose(t *testing.T) {
	dir := serviceIn(t, elsewhere, "")
	code, _, stderr := holdfast(t, nil, "run", "--service", dir, "--all", "--out", t.TempDir())
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "name its host with --allow-host staging.example")
	require.Contains(t, stderr, "50 requests a second", "load that nobody allowed is refused before it is sent")
	code, _, stderr = holdfast(t, nil, "run", "--service", dir, "--all", "--allow-host", "staging.example", "--out", t.TempDir())
	require.Equal(t, exitUsage, code)
	require.NotContains(t, stderr, "name its host")
	require.Contains(t, stderr, "--allow-load")
}
