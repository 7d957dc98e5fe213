package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrLocked: another holds the lock.
var ErrLocked = errors.New("another holds the lock")

// How a file is locked.
type How int

// The locks that there are.
const (
	Exclusive How = unix.LOCK_EX
	Shared    How = unix.LOCK_SH
)

// Lock locks a file, which is made where there is none, for as long as it is open.
// It does not wait: where another has it the error is an [ErrLocked].
func Lock(path string, how How) (*os.File, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return LockIn(root, filepath.Base(path), os.O_CREATE, how)
}

// LockIn is [Lock] in a folder, with flags of [os.OpenFile] beside those for reading
// and writing; without O_CREATE the file must be there.
//
// Whoever removes a locked file does so while holding its lock. So a lock counts only
// where the file still has its name: otherwise it was taken of one that was removed
// between being opened and being locked.
func LockIn(dir *os.Root, name string, flags int, how How) (*os.File, error) {
	for {
		f, err := dir.OpenFile(name, os.O_RDWR|flags, 0o600)
		if err != nil {
			return nil, err
		}
		still, err := lock(dir, name, f, how)
		if err == nil && still {
			return f, nil
		}
		_ = f.Close()
		switch {
		case err != nil:
			return nil, err
		case flags&os.O_CREATE == 0:
			return nil, fmt.Errorf("lock %s: %w", name, fs.ErrNotExist)
		}
	}
}

// lock locks a file and reports whether it still has its name.
func lock(dir *os.Root, name string, f *os.File, how How) (still bool, err error) {
	opened, err := f.Stat()
	if err != nil {
		return false, err
	}
	if !opened.Mode().IsRegular() {
		return false, fmt.Errorf("%s is no regular file", f.Name())
	}
	if err := ours(f.Name(), opened); err != nil {
		return false, err
	}
	err = unix.Flock(int(f.Fd()), int(how)|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, fmt.Errorf("%s: %w", f.Name(), ErrLocked)
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	there, err := dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(opened, there), err
}

// Share turns the exclusive lock on a file into a shared one, so that others may read
// with us what was written under it. Where others may come in between the two, and one did
// who has it now or has removed it, the error is an [ErrLocked].
func Share(f *os.File) error {
	err := unix.Flock(int(f.Fd()), int(Shared)|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return fmt.Errorf("%s: %w", f.Name(), ErrLocked)
	}
	if err != nil {
		return fmt.Errorf("share %s: %w", f.Name(), err)
	}
	held, err := f.Stat()
	if err != nil {
		return err
	}
	there, err := os.Lstat(f.Name())
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(held, there) {
		return fmt.Errorf("%s: %w", f.Name(), ErrLocked)
	}
	return err
}

// Claim locks a folder for as long as the returned value is open: two runs that write
// the same files would each leave half of them. It leaves nothing behind. Where the
// file system knows no such locks, it is open to all.
func Claim(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", dir, ErrLocked)
	}
	return f, nil
}
