package safefile

import (
	"errors"
	"os"
	"path/filepath"
)

// Scratch makes a temporary folder in parent ([os.TempDir] where it is empty), whose
// name begins with prefix, and that only this user may enter. It goes with remove; what
// a killed program left there goes with the next that is made with the same prefix.
func Scratch(parent, prefix string) (dir string, remove func() error, err error) {
	if parent == "" {
		parent = os.TempDir()
	}
	sweepScratch(parent, prefix)
	for {
		if dir, err = os.MkdirTemp(parent, prefix); err != nil {
			return "", nil, err
		}
		held, err := Claim(dir)
		if errors.Is(err, ErrLocked) || errors.Is(err, os.ErrNotExist) {
			continue // a sweep takes it for a dead one's
		}
		if err != nil {
			return "", nil, errors.Join(err, os.RemoveAll(dir))
		}
		if _, err := os.Lstat(dir); err != nil {
			_ = held.Close()
			continue
		}
		return dir, func() error { return errors.Join(os.RemoveAll(dir), held.Close()) }, nil
	}
}

// sweepScratch removes the folders of the dead. What it cannot remove stays.
func sweepScratch(parent, prefix string) {
	all, _ := filepath.Glob(filepath.Join(parent, prefix+"*"))
	for _, dir := range all {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || ours(dir, info) != nil {
			continue
		}
		if held, err := Claim(dir); err == nil {
			_ = os.RemoveAll(dir)
			_ = held.Close()
		}
	}
}
