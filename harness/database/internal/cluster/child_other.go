//go:build unix && !linux

package cluster

import "syscall"

// childAttributes puts a child into a process group of its own, so that a Ctrl-C
// meant for us does not reach it. Nothing here ends it when we are killed: the
// undo journal and the next start do.
func childAttributes(who account, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: who.credential()}
}
