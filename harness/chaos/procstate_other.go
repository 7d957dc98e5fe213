//go:build !linux

package chaos

import (
	"errors"
	"fmt"
)

// identify needs Linux's /proc: without it a pause could not be seen, nor a
// reused process id told from the old one.
func identify(pid int32) (identity, error) {
	return identity{}, fmt.Errorf("identify process %d: %w: needs Linux's /proc", pid, errors.ErrUnsupported)
}

func (identity) parent() int32 { return 0 }

func (id identity) threads() (threads, error) {
	return threads{}, fmt.Errorf("state of process %d: %w: needs Linux's /proc", id.pid, errors.ErrUnsupported)
}
