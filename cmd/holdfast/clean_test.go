package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/safefile"
)

// Nothing goes without --yes, and with it nothing that is somebody's.
func TestCleanRemovesWhatNobodyUses(t *testing.T) {
	home, cache, temp := t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("XDG_CACHE_HOME", home)
	t.Setenv("HOME", home)
	require.NoError(t, os.Chmod(cache, 0o700))
	folder := func(parts ...string) string {
		dir := filepath.Join(parts...)
		require.NoError(t, os.MkdirAll(dir, 0o700))
		return dir
	}
	free, used := folder(cache, "postgres", "17-00000000", "01"), folder(cache, "postgres", "17-00000000", "02")
	for _, dir := range []string{free, used} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(folder(dir, "data"), "base"), []byte("12345"), 0o600))
	}
	held, err := safefile.Lock(filepath.Join(used, "lock"), safefile.Exclusive)
	require.NoError(t, err)
	defer held.Close()
	setup, stranger := folder(cache, "setup", "0a1b"), folder(cache, "of-another")
	journals := folder(home, "holdfast", "undo")
	journal := filepath.Join(journals, "20260102-150405-9f3a.jsonl")
	require.NoError(t, os.WriteFile(journal, []byte(`{"plan":{"n":1,"kind":"data-copy","args":{"dir":"/nowhere/copies/copy-1"}}}`+"\n"), 0o600))

	living, remove, err := safefile.Temporary(safefile.TempKey)
	require.NoError(t, err)
	defer func() { require.NoError(t, remove()) }()
	secret := folder(temp, "holdfast-key-4711")
	require.NoError(t, os.WriteFile(filepath.Join(secret, "key"), []byte("re_123"), 0o600))

	variables := map[string]string{"HOLDFAST_CACHE_DIR": cache}
	code, stdout, stderr := holdfast(t, variables, "clean")
	require.Equal(t, exitPass, code, stderr)
	for _, said := range []string{"killed run 20260102-150405-9f3a, which left: data-copy", free, setup, "temporary files of a killed run: " + secret, "holdfast clean --yes removes it"} {
		require.Contains(t, stdout, said)
	}
	require.NotContains(t, stdout, used)
	require.NotContains(t, stdout, living)
	require.NotContains(t, stdout, stranger)
	for _, path := range []string{free, setup, journal, secret} {
		_, err := os.Stat(path)
		require.NoError(t, err, "nothing was asked to go")
	}
	code, _, stderr = holdfast(t, variables, "clean", "--yes")
	require.Equal(t, exitPass, code, stderr)
	for _, path := range []string{free, setup, journal, secret} {
		require.NoFileExists(t, path)
		require.NoDirExists(t, path)
	}
	require.DirExists(t, used)
	require.DirExists(t, living)
	require.DirExists(t, stranger)
	_, stdout, _ = holdfast(t, variables, "clean")
	require.Equal(t, "nothing is left\n", stdout)
}

// What others have named as they like stands in one line, and steers no terminal.
func TestCleanPrintsNamesAsText(t *testing.T) {
	cache := t.TempDir()
	require.NoError(t, os.Chmod(cache, 0o700))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	require.NoError(t, os.MkdirAll(filepath.Join(cache, "setup", "0a\x1b[2J\n1 kB  1b"), 0o700))
	code, stdout, stderr := holdfast(t, map[string]string{"HOLDFAST_CACHE_DIR": cache}, "clean")
	require.Equal(t, exitPass, code, stderr)
	require.Equal(t, 2, strings.Count(stdout, "\n"), stdout)
	require.Contains(t, stdout, `0a\x1b[2J 1 kB  1b`)
}

// A server that does not answer is told, and the rest is shown all the same.
func TestCleanSaysWhatItCannotLookAt(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	code, stdout, stderr := holdfast(t, map[string]string{"HOLDFAST_CACHE_DIR": t.TempDir(), "HOLDFAST_DATABASE_URL": "postgres://u:geheim@127.0.0.1:1/x"}, "clean")
	require.Equal(t, exitEnvironment, code)
	require.Equal(t, "nothing was found where it could be looked\n", stdout)
	require.Contains(t, stderr, "127.0.0.1:1")
	require.NotContains(t, stderr, "geheim")
}
