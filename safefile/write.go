package safefile

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// parts are the names of files that are being written.
const parts = ".holdfast-*.part"

// Write replaces a file by what write writes, in one step, or leaves it as it was: a
// reader, a crash or a full disk never sees half of it. The folders that lead to it are
// made. It never writes through a link, nor to what is no plain file. Parts that a
// killed program left beside it go.
func Write(path string, write func(io.Writer) error) error {
	return replaced(path, 0o644, write)
}

// WritePrivate is [Write] of a file that, where it is new, its owner alone may read.
func WritePrivate(path string, write func(io.Writer) error) error {
	return replaced(path, 0o600, write)
}

func replaced(path string, fresh fs.FileMode, write func(io.Writer) error) error {
	if err := replace(path, fresh, write); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func replace(path string, fresh fs.FileMode, write func(io.Writer) error) (err error) {
	dir, err := openOrMake(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	perm, err := permOf(dir, filepath.Base(path), fresh)
	if err != nil {
		return err
	}
	sweepParts(dir)
	f, err := newPart(dir)
	if err != nil {
		return err
	}
	part := filepath.Base(f.Name())
	defer func() {
		if err != nil {
			_ = dir.Remove(part)
			_ = f.Close()
		}
	}()
	w := bufio.NewWriter(f)
	if err := errors.Join(write(w), w.Flush()); err != nil {
		return err
	}
	if err := f.Chmod(perm); err != nil {
		return err
	}
	if err := dir.Rename(part, filepath.Base(path)); err != nil {
		return err
	}
	return f.Close() // only now: the lock keeps others from taking the part for a dead one's
}

func openOrMake(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// permOf is with which permissions the file is written: those that it has, or those of a
// fresh one.
func permOf(dir *os.Root, name string, fresh fs.FileMode) (fs.FileMode, error) {
	info, err := dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fresh, nil
	case err != nil:
		return 0, err
	case info.Mode()&fs.ModeSymlink != 0:
		return 0, errors.New("it is a symbolic link, and is not written through: name the file itself")
	case !info.Mode().IsRegular():
		return 0, errors.New("it is no regular file")
	}
	return info.Mode().Perm(), nil
}

// newPart makes a file to write to, and locks it while it is written.
func newPart(dir *os.Root) (*os.File, error) {
	for {
		name := strings.Replace(parts, "*", rand.Text(), 1)
		f, err := LockIn(dir, name, os.O_CREATE|os.O_EXCL, Exclusive)
		if errors.Is(err, fs.ErrExist) || errors.Is(err, ErrLocked) {
			continue // another has it, or takes it for a dead one's
		}
		return f, err
	}
}

// sweepParts removes the parts that nobody writes any more. What it cannot remove
// stays: it is in nobody's way.
func sweepParts(dir *os.Root) {
	all, err := fs.Glob(dir.FS(), parts)
	if err != nil {
		return
	}
	for _, name := range all {
		if f, err := LockIn(dir, name, 0, Exclusive); err == nil {
			_ = dir.Remove(name)
			_ = f.Close()
		}
	}
}
