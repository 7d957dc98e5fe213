package soak

import "syscall"

// ofItsOwn puts a run into a group of processes of its own, so that a Ctrl-C
// reaches it through us alone, and has it end with us, also when it is stopped.
func ofItsOwn() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
