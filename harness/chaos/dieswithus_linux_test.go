package chaos

import (
	"syscall"
)

// diesWithUs makes a child end with this process, also when a test that takes
// too long ends that without any clean-up.
func diesWithUs(attr *syscall.SysProcAttr, by syscall.Signal) *syscall.SysProcAttr {
	attr.Pdeathsig = by
	return attr
}
