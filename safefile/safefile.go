// Package safefile makes, opens, locks and replaces files where others may be at
// work, too: another run, another user of the machine, a run that was killed,
// somebody who planted something.
//
// [Folder] is for what only this user may have put there: journals that say what to
// kill, programs that are run, passwords. [Tree] looks at all that is in one. [Lock] is how runs keep out of each other's
// way. [Write] replaces a file whole or not at all. [Open] reads what a person named.
package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"syscall"
)

// ErrNotOurs: a file or folder is somebody else's, or others may write to it.
var ErrNotOurs = errors.New("it may have been planted")

// Cache is where this user's programs keep what they need again. Without a home there
// is none: a path that anybody could have made is not taken in its place.
func Cache() (string, error) {
	dir, err := os.UserCacheDir()
	if err == nil {
		return dir, nil
	}
	if me, errUser := user.Current(); os.Getenv("XDG_CACHE_HOME") == "" && errUser == nil && filepath.IsAbs(me.HomeDir) {
		return filepath.Join(me.HomeDir, ".cache"), nil
	}
	return "", fmt.Errorf("there is no folder of this user's own: set HOME (%w)", err)
}

// Folder opens a folder that is this user's or root's and that no other may write to,
// and makes it where it is missing, with those above it. Whatever is done by the
// returned value happens in that folder, whatever its name comes to mean.
func Folder(dir string, perm fs.FileMode) (*os.Root, error) {
	if err := makeFolder(dir, perm); err != nil {
		return nil, fmt.Errorf("make the folder %s: %w", dir, err)
	}
	return Existing(dir)
}

// Existing is [Folder] for one that must be there.
func Existing(dir string) (*os.Root, error) {
	if link, err := os.Lstat(dir); err == nil && link.Mode()&fs.ModeSymlink != 0 && !ownedByUs(link) {
		return nil, fmt.Errorf("%s: %w: it is a link of another user", dir, ErrNotOurs)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err == nil {
		err = ours(dir, info)
	}
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	return root, nil
}

// Secure is [Folder] for who goes on by its name.
func Secure(dir string, perm fs.FileMode) error {
	root, err := Folder(dir, perm)
	if err != nil {
		return err
	}
	return root.Close()
}

// Tree says what keeps a folder from being trusted with all that is in it: that it, or
// anything below it, is somebody else's, or others may write to it.
func Tree(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return ours(path, info)
		}
		if !ownedByUs(info) { // what may be done with a link its mode does not say
			return fmt.Errorf("%s: %w: it is a link of another user", path, ErrNotOurs)
		}
		return nil
	})
}

// makeFolder makes a folder, and those above it, whatever the umask.
func makeFolder(dir string, perm fs.FileMode) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return syscall.ENOTDIR
		}
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeFolder(parent, perm); err != nil {
			return err
		}
	}
	err := os.Mkdir(dir, perm)       // at once as it is to be, for whoever starts beside this one
	if errors.Is(err, fs.ErrExist) { // somebody was faster; whose it is will be seen
		return nil
	}
	if err != nil {
		return err
	}
	return os.Chmod(dir, perm)
}

// ours says what keeps a file from being trusted.
func ours(path string, info fs.FileInfo) error {
	switch {
	case !ownedByUs(info):
		return fmt.Errorf("%s: %w: it belongs to another user; name another folder or remove it", path, ErrNotOurs)
	case info.Mode().Perm()&0o002 != 0, info.Mode().Perm()&0o020 != 0 && !ownGroup(info):
		return fmt.Errorf("%s: %w: other users may write to it; if it is yours: chmod go-w %s", path, ErrNotOurs, path)
	}
	return nil
}

// ownedByUs reports whether a file is this user's, or root's, who may do all.
func ownedByUs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int64(stat.Uid) == int64(os.Geteuid()))
}

// ownGroup reports whether a file's group is its owner's alone, as it is where users
// have a group each, of the same number.
func ownGroup(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Gid == stat.Uid
}

// Append opens a plain file to add to it, and makes it where there is none. It follows
// no link.
func Append(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return nil, err
	}
	return plain(f)
}

// Open opens a file for reading that is a plain one: a pipe that nobody writes to
// would hold up whoever reads it, for ever.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return plain(f)
}

// plain is the file, if it is a regular one.
func plain(f *os.File) (*os.File, error) {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", f.Name())
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
