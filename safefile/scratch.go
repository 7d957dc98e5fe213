package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Temp is what a temporary folder is for: how its name begins.
type Temp string

// All temporary folders that programs of ours make in [os.TempDir].
const (
	TempAlerts  Temp = "holdfast-alerts-"
	TempBroker  Temp = "holdfast-broker-"
	TempKey     Temp = "holdfast-key-"
	TempMutants Temp = "holdfast-mutants-"
)

func temps() []Temp { return []Temp{TempAlerts, TempBroker, TempKey, TempMutants} }

// Temporary is [Scratch] in [os.TempDir]. What a killed program left there is among
// [DeadTemporary] for all others.
func Temporary(of Temp) (dir string, remove func() error, err error) {
	return Scratch(os.TempDir(), string(of))
}

// DeadTemporary are the temporary folders of ours whose programs were killed.
func DeadTemporary() (all []string) {
	for _, of := range temps() {
		all = append(all, deadScratch(os.TempDir(), string(of))...)
	}
	return all
}

// Scratch makes a temporary folder in parent, whose name begins with prefix and goes on
// with digits, and that only this user may enter. It goes with remove; what a killed
// program left there goes with the next that is made with the same prefix.
func Scratch(parent, prefix string) (dir string, remove func() error, err error) {
	for _, dead := range deadScratch(parent, prefix) {
		_ = RemoveScratch(dead) // what cannot be removed stays
	}
	for {
		if dir, err = os.MkdirTemp(parent, prefix); err != nil {
			return "", nil, err
		}
		held, err := Claim(dir)
		if errors.Is(err, ErrLocked) || errors.Is(err, os.ErrNotExist) {
			continue // another takes it for a dead one's
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

// deadScratch are the folders of dead programs.
func deadScratch(parent, prefix string) (dead []string) {
	all, _ := filepath.Glob(filepath.Join(parent, prefix+"*"))
	for _, dir := range all {
		if strings.Trim(strings.TrimPrefix(filepath.Base(dir), prefix), "0123456789") != "" {
			continue // somebody has named it so
		}
		if held := takeDead(dir); held != nil {
			_ = held.Close()
			dead = append(dead, dir)
		}
	}
	return dead
}

// RemoveScratch removes the folder of a dead program. Where it is not for certain one, the
// error is an [ErrLocked].
func RemoveScratch(dir string) error {
	held := takeDead(dir)
	if held == nil {
		return ErrLocked
	}
	return errors.Join(os.RemoveAll(dir), held.Close())
}

// takeDead takes the lock of a folder of this user whose program is dead. It is nil where
// that lives, and where no lock tells.
func takeDead(dir string) *os.File {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || ours(dir, info) != nil {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		_ = f.Close()
		return nil
	}
	return f
}
