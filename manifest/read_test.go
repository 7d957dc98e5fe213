package manifest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/manifest"
)

func shell(name string) (string, bool) {
	v, ok := map[string]string{"SHOP_ADMIN_KEY": "admin-key-of-today"}[name]
	return v, ok
}

func goodFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/good/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestGoodFilesAreRead(t *testing.T) {
	for _, file := range goodFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		_, err = manifest.Read(text, file, manifest.Options{Environment: shell})
		require.NoError(t, err, file)
	}
}

func TestAProfileSetsParametersAnew(t *testing.T) {
	const text = `version: 1
name: shop
processes:
  web: { command: [./web], env: { ITEMS: "{parameters.items}", LANGUAGE: "{parameters.language}" } }
parameters: { items: 100, language: fr }
profiles:
  large: { parameters: { items: 100000 } }
scenarios:
  - name: shop/steady
    claim: It answers.
    timeline: { baseline: 1s }
    load: [ { name: items, rate: 10/s, request: { path: / } } ]
    checks: [ items.ok_ratio >= 99% ]
`
	for profile, items := range map[string]string{"": "100", "large": "100000"} {
		s, err := manifest.Read([]byte(text), "holdfast.yaml", manifest.Options{Profile: profile})
		require.NoError(t, err)
		require.Equal(t, items, s.Launch.Values["parameters.items"])
		require.Equal(t, "fr", s.Launch.Values["parameters.language"])
	}
	_, err := manifest.Read([]byte(text), "holdfast.yaml", manifest.Options{Profile: "larg"})
	require.ErrorContains(t, err, `no profile "larg", did you mean large?`)
}
