//go:build !linux

package target

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"holdfast.dev/holdfast/harness/target/internal/kin"
	"holdfast.dev/holdfast/harness/undo"
)

// dieWithParent does nothing: only Linux can. A harness that is killed here
// leaves its target to the next sweep.
func dieWithParent(*syscall.SysProcAttr) {}

// reap waits until the child is dead and calls dead. It cannot be told that the
// child is dead before it is reaped, so its id may be somebody else's already:
// the time for that is very short.
func reap(cmd *exec.Cmd, dead func()) {
	_ = cmd.Wait()
	dead()
}

// markedProcesses asks ps, which prints the environment behind the command.
func markedProcesses(m mark, _ *brands) ([]*os.Process, error) {
	out, err := exec.Command("ps", "-axEww", "-o", "pid=,command=").Output()
	if err != nil {
		return nil, errors.New("cannot list the processes and their environment with ps")
	}
	var found []*os.Process
	for _, pid := range m.inListing(out) {
		if process, err := os.FindProcess(pid); err == nil && pid != os.Getpid() {
			found = append(found, process)
		}
	}
	return found, nil
}

// startBranded starts it: only Linux has brands.
func (m mark) startBranded(cmd func() *exec.Cmd) error { return cmd().Start() }

// brands finds none.
type brands struct{}

func (mark) brands() *brands           { return nil }
func (*brands) has(_ kin.Process) bool { return false }

// cage is the cgroups of a life, which only Linux has.
type cage struct{}

func newCage(_ *undo.Journal, _ string, wanted limits) (*cage, error) {
	switch {
	case wanted.memory > 0:
		return nil, ErrNoMemoryLimit
	case wanted.cpus > 0:
		return nil, ErrNoCPULimit
	}
	return nil, nil
}

func (*cage) start(cmd *exec.Cmd) error  { return cmd.Start() }
func (*cage) memoryDir() string          { return "" }
func (*cage) anyDir() string             { return "" }
func (*cage) oomKills() (uint64, string) { return 0, "" }
func (*cage) remove() error              { return nil }
func removeCage(string) error            { return nil }

// CgroupDir is none: only Linux has cgroups.
func (r *Runner) CgroupDir(string) (dir string, ok bool) { return "", false }
