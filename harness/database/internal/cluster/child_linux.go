package cluster

import "syscall"

// childAttributes puts a child into a process group of its own, so that a Ctrl-C
// meant for us does not reach it, and has the kernel send it a signal when we
// die.
func childAttributes(who account, onOurDeath syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: who.credential(), Pdeathsig: onOurDeath}
}
