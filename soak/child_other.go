//go:build !linux

package soak

import "syscall"

// ofItsOwn puts a run into a group of processes of its own, so that a Ctrl-C
// reaches it through us alone.
func ofItsOwn() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
