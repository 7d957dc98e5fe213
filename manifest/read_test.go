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
