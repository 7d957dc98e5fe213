package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
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

// A secret of the file stands on no terminal, also where a person wrote it into a check.
func TestSecretsStandOnNoTerminal(t *testing.T) {
	const key = "correct-horse-battery"
	dir := serviceIn(t, strings.ReplaceAll(strings.ReplaceAll(pages, "scenarios:", "secrets: { app: \"${APP_KEY}\", tiny: \"page\" }\nscenarios:"),
		`"page.ok_ratio >= 100%"`, `"page.ok_ratio >= 100%", 'web.log("`+key+`") <= 0'`), "")
	env := map[string]string{"APP_KEY": key}
	for _, args := range [][]string{{"plan", dir}, {"list", "--service", dir, "--json"}} {
		code, stdout, stderr := holdfast(t, env, args...)
		require.Equal(t, exitPass, code, stderr)
		require.Contains(t, stdout, `***`, args)
		require.NotContains(t, stdout+stderr, key, args)
		require.Contains(t, stdout, "page/steady", "a short one is not hidden: it would shred the output")
	}
	// What a setting with a secret's name has is one, too, where a process or a scenario
	// is told it, or it is passed on from the environment.
	t.Setenv("STRIPE_KEY", "passed-on-9f3a")
	dir = serviceIn(t, strings.NewReplacer(
		`API: "http://127.0.0.1:1"`, `APP_SECRET: "told-to-web-9f3a", SENTRY_DSN: "https://0123456789abcdef@sentry.example/1", MODE: "plain-words-9f3a"`,
		"scenarios:", "pass_env: [STRIPE_KEY]\nscenarios:",
		`"page.ok_ratio >= 100%"`, `"page.ok_ratio >= 100%", 'web.log("passed-on-9f3a") <= 0', 'web.log("told-to-web-9f3a") <= 0', 'web.log("0123456789abcdef") <= 0', 'web.log("plain-words-9f3a") <= 0'`,
	).Replace(pages), "")
	for _, args := range [][]string{{"plan", dir}, {"list", "--service", dir, "--json"}} {
		code, stdout, stderr := holdfast(t, nil, args...)
		require.Equal(t, exitPass, code, stderr)
		for _, secret := range []string{"passed-on-9f3a", "told-to-web-9f3a", "0123456789abcdef"} {
			require.NotContains(t, stdout+stderr, secret, args)
		}
		require.Contains(t, stdout, "plain-words-9f3a", "what is no secret is shown")
	}
	var out bytes.Buffer
	h := new(hider)
	_, err := h.writer(&out).Write([]byte("before: " + key))
	require.NoError(t, err)
	require.Contains(t, out.String(), key, "the harm: nobody knows a secret that nobody was told of")
}
