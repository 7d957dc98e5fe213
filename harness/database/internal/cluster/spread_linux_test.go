package cluster

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// What lies in a directory is spread where the file system is one that can, and nothing
// is said where it is not.
func TestADirectoryIsSpreadWhereThatCanBe(t *testing.T) {
	dir := t.TempDir()
	spread(dir)
	spread(dir)
	spread(dir + "/that-is-not-there")
	f, err := os.Open(dir)
	require.NoError(t, err)
	defer f.Close()
	var fs unix.Statfs_t
	require.NoError(t, unix.Fstatfs(int(f.Fd()), &fs))
	if fs.Type != unix.EXT4_SUPER_MAGIC {
		t.Skip("no ext4 here")
	}
	flags, err := unix.IoctlGetUint32(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	require.NoError(t, err)
	require.NotZero(t, flags&topDirectory)
}
