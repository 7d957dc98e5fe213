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
	"syscall"
)

// parts are the names of files that are being written.
const parts = ".holdfast-*.part"

// Write replaces a file by what write writes, in one step, or leaves it as it was: a
// reader, a crash or a full disk never sees half of it, and once it has returned the file
// outlives the machine's going down. The folders that lead to it are made. It never
// writes through a link, nor to what is no plain file. Parts that a killed program left
// beside it go.
func Write(path string, write func(io.Writer) error) error {
	return replaced(path, 0o644, toDisk, write)
}

// WritePrivate is [Write] of a file that, where it is new, its owner alone may read.
func WritePrivate(path string, write func(io.Writer) error) error {
	return replaced(path, 0o600, toDisk, write)
}

// WriteSoFar is [Write] of what will soon be written anew: it does not wait for the disk,
// so that a machine that goes down may lose it.
func WriteSoFar(path string, write func(io.Writer) error) error {
	return replaced(path, 0o644, soon, write)
}

func replaced(path string, fresh fs.FileMode, when reach, write func(io.Writer) error) error {
	p, err := create(path, fresh)
	if err != nil {
		return err
	}
	defer p.Drop()
	w := bufio.NewWriter(p)
	if err := errors.Join(write(w), w.Flush()); err != nil {
		return p.failed(err)
	}
	return p.take(when)
}

// reach is when what is written reaches the disk.
type reach int

const (
	soon   reach = iota // when the system finds time
	toDisk              // before it has its name
)

// Part is a file that is written bit by bit, and takes the place of another once it is
// whole.
type Part struct {
	path string
	dir  *os.Root // nil: it was taken or dropped
	file *os.File
	perm fs.FileMode
}

// Create begins a file as [Write] does. The caller must call [Part.Take], or
// [Part.Drop], which leaves the file at path as it was.
func Create(path string) (*Part, error) { return create(path, 0o644) }

func create(path string, fresh fs.FileMode) (*Part, error) {
	p := &Part{path: path}
	if err := p.open(fresh); err != nil {
		p.Drop()
		return nil, p.failed(err)
	}
	return p, nil
}

func (p *Part) open(fresh fs.FileMode) (err error) {
	if p.dir, err = openOrMake(filepath.Dir(p.path)); err != nil {
		return err
	}
	if p.perm, err = permOf(p.dir, filepath.Base(p.path), fresh); err != nil {
		return err
	}
	sweepParts(p.dir)
	p.file, err = newPart(p.dir)
	return err
}

func (p *Part) failed(err error) error { return fmt.Errorf("write %s: %w", p.path, err) }

// Write implements [io.Writer].
func (p *Part) Write(text []byte) (int, error) { return p.file.Write(text) }

// Take puts what was written in the place of the file, or drops it and says what went
// wrong.
func (p *Part) Take() error {
	defer p.Drop()
	return p.take(toDisk)
}

func (p *Part) take(when reach) error {
	if err := p.file.Chmod(p.perm); err != nil {
		return p.failed(err)
	}
	// What the disk, or a server behind it, refuses late, it says here, and not when the
	// file is closed: that is done last, for its lock keeps others from taking the part for
	// a dead one's.
	if when == toDisk {
		if err := p.file.Sync(); err != nil {
			return p.failed(err)
		}
	}
	if err := p.dir.Rename(filepath.Base(p.file.Name()), filepath.Base(p.path)); err != nil {
		return p.failed(err)
	}
	err := p.file.Close()
	p.file = nil
	if when == toDisk {
		err = errors.Join(err, syncFolder(p.dir))
	}
	if err != nil {
		return p.failed(err)
	}
	return nil
}

// Drop removes what was written, unless it was taken.
func (p *Part) Drop() {
	if p.file != nil {
		_ = p.dir.Remove(filepath.Base(p.file.Name())) // while it is locked
		_ = p.file.Close()
	}
	if p.dir != nil {
		_ = p.dir.Close()
	}
	p.file, p.dir = nil, nil
}

// syncFolder has the names in a folder reach the disk, where its file system can do that.
func syncFolder(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
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
