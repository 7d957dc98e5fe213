package cluster

import (
	"os"

	"golang.org/x/sys/unix"
)

// topDirectory is FS_TOPDIR_FL of linux/fs.h: what chattr +T sets.
const topDirectory = 0x0002_0000

// spread has ext4 lay the directories in dir apart from each other, where it would have
// laid them side by side.
//
// It looks for a free inode near the file's directory, and passes over those that were
// freed in the last minutes one by one: where databases came and went all in one place,
// to make and drop one took 0.18 s of a processor instead of 0.06. Any other file system,
// or one who may not, leaves it as it is.
func spread(dir string) {
	f, err := os.Open(dir)
	if err != nil {
		return
	}
	defer f.Close()
	flags, err := unix.IoctlGetUint32(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil || flags&topDirectory != 0 {
		return
	}
	_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, int(flags|topDirectory))
}
