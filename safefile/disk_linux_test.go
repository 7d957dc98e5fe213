package safefile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/safefile"
)

// What is written is on the disk before it has its name: a machine that goes down leaves
// the old file or the new one. What will soon be written anew is not waited for.
func TestWhatIsWrittenIsOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	long := text(strings.Repeat("x", 1<<20))
	waiting := filepath.Join(dir, "so-far")
	require.NoError(t, safefile.WriteSoFar(waiting, long))
	if dirtyPages(t, waiting) == 0 {
		t.Skip("here no file waits to be written to a disk")
	}
	for name, write := range map[string]func(path string) error{
		"whole":   func(path string) error { return safefile.Write(path, long) },
		"private": func(path string) error { return safefile.WritePrivate(path, long) },
		"bit by bit": func(path string) error {
			part, err := safefile.Create(path)
			require.NoError(t, err)
			require.NoError(t, long(part))
			return part.Take()
		},
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, write(path))
		require.Zero(t, dirtyPages(t, path), name)
	}
}

// dirtyPages are how many pages of a file are not on its disk.
func dirtyPages(t *testing.T, path string) uint64 {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var pages unix.Cachestat_t
	if err := unix.Cachestat(uint(f.Fd()), &unix.CachestatRange{}, &pages, 0); err != nil {
		t.Skip("this kernel does not tell what waits to be written: ", err)
	}
	return pages.Dirty + pages.Writeback
}
