package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goodService is a file that can be run.
const goodService = `version: 1
name: hello
processes:
  web: { command: [python3, -m, http.server, "{port}"], ready: { http: / } }
scenarios:
  - name: hello/steady
    claim: it is there
    timeline: { warm_up: 1s, baseline: 1s }
    load: [{ name: page, rate: 20/s, request: { path: / }, ok: { status: 200 } }]
    checks: [page.ok_ratio >= 99%]
`

// Whatever is wrong with the file of a service is said alike by all that read it, with
// its place and exit code 2, and nothing is started.
func TestBadServiceFiles(t *testing.T) {
	for _, row := range []struct{ name, old, new, says string }{
		{"empty", goodService, "", "holdfast.yaml"},
		{"binary", goodService, "\x7fELF\x00\x01\x02", "holdfast.yaml"},
		{"no YAML", "version: 1", "version: [1", "holdfast.yaml:"},
		{"a list", goodService, "- a\n- b\n", "holdfast.yaml:1"},
		{"another version", "version: 1", "version: 7", "holdfast.yaml:1"},
		{"a misspelt key", "scenarios:", "scenarioes:", "scenarios"},
		{"a misspelt key below", "timeline:", "timelin:", "holdfast.yaml:8"},
		{"a rate that is none", "20/s", "fast", "holdfast.yaml:9"},
		{"a time without a unit", "warm_up: 1s", "warm_up: 1", "holdfast.yaml:8"},
		{"a negative time", "warm_up: 1s", "warm_up: -1s", "holdfast.yaml:8"},
		{"a check that is none", "page.ok_ratio >= 99%", "page.ok_ratio is fine", "holdfast.yaml:10"},
		{"a metric that is none", "page.ok_ratio >= 99%", "page.ok_rate >= 99%", "page.ok_ratio"},
		{"a stream that is none", "page.ok_ratio >= 99%", "pag.ok_ratio >= 99%", "holdfast.yaml:10"},
		{"a status that is a word", "status: 200", "status: fine", "holdfast.yaml:9"},
		{"a key twice", "name: hello\n", "name: hello\nname: other\n", "holdfast.yaml:3"},
		{"no command", `command: [python3, -m, http.server, "{port}"], `, "", "holdfast.yaml:4"},
		{"a protection that is none", "    claim:", "    protections: [cache]\n    claim:", "cache"},
		{"a variable that is not set", "name: hello\n", "name: ${HOLDFAST_NO_SUCH}\n", "HOLDFAST_NO_SUCH"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			text := strings.Replace(goodService, row.old, row.new, 1)
			require.NotEqual(t, goodService, text)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "holdfast.yaml"), []byte(text), 0o600))
			for _, args := range [][]string{
				{"validate", dir}, {"plan", dir}, {"list", "--service", dir}, {"run", "--service", dir, "--all", "--out", filepath.Join(dir, "out")},
			} {
				code, _, stderr := holdfast(t, nil, args...)
				require.Equal(t, exitUsage, code, "%v: %s", args, stderr)
				require.Contains(t, stderr, row.says, "%v", args)
				require.NotContains(t, stderr, "\x1b")
				require.NotContains(t, stderr, "goroutine")
				require.NoDirExists(t, filepath.Join(dir, "out"), "nothing was begun")
			}
		})
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "holdfast.yaml"), []byte(goodService), 0o600))
	code, _, stderr := holdfast(t, nil, "validate", dir)
	require.Equal(t, exitPass, code, stderr)
}
