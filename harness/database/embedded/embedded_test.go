package embedded_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/databasetest"
	"holdfast.dev/holdfast/harness/database/embedded"
	"holdfast.dev/holdfast/harness/database/internal/mavenfake"

	"github.com/stretchr/testify/require"
)

func TestFetchedBinariesServeARun(t *testing.T) {
	bin := databasetest.Binaries(t)
	files := map[string][]byte{}
	modules, err := filepath.Glob(filepath.Join(bin, "../lib/*.so"))
	require.NoError(t, err)
	for _, path := range append(modules, filepath.Join(bin, "postgres"), filepath.Join(bin, "initdb"), filepath.Join(bin, "pg_ctl")) {
		if strings.HasPrefix(filepath.Base(path), "llvmjit") {
			continue // large, and not needed
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		files[filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path)] = content
	}
	repository := mavenfake.Start(t, files)
	cache, err := os.MkdirTemp("/tmp", "holdfast-embedded-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(cache, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(cache)) })
	o := database.Options{
		Providers: []database.Provider{embedded.Provider(repository.URL)}, CacheDir: cache,
		Log: func(line string) { t.Log(line) },
	}
	for range 2 {
		s, err := database.Open(t.Context(), o)
		require.NoError(t, err)
		defer s.Close(context.Background())
		require.Contains(t, s.Describe(), "embedded: PostgreSQL ")
		require.Contains(t, s.Describe(), cache, "it runs what was fetched")
		require.NoError(t, s.Close(t.Context()))
	}
	require.EqualValues(t, 1, repository.Jars.Load(), "the second run finds what the first fetched")
}
