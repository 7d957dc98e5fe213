package target

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/target/internal/kin"
)

// dieWithParent has the kernel kill the process when the thread that starts it
// ends, so that a harness that is killed takes its target along.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// reap waits until the child is dead, calls dead while it is a zombie still,
// and then reaps it. How it ended is in cmd.ProcessState; a pipe that a child
// of it holds open is not of interest.
func reap(cmd *exec.Cmd, dead func()) {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	dead()
	_ = cmd.Wait()
}

// markedProcesses lists the processes whose environment carries m, and those that have
// its brand, without this one. Each is held by a handle that a reused id cannot fool.
func markedProcesses(m mark, branded *brands) ([]*os.Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []*os.Process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		process, err := os.FindProcess(pid)
		if err != nil {
			continue
		}
		// Read after the handle was taken. What may not be read is not ours.
		environ, err := os.ReadFile("/proc/" + entry.Name() + "/environ")
		if (err != nil || !m.in(bytes.Split(environ, []byte{0}))) && !hasBrand(branded, int32(pid)) {
			_ = process.Release()
			continue
		}
		found = append(found, process)
	}
	return found, nil
}

func hasBrand(branded *brands, pid int32) bool {
	p, alive := kin.See(pid)
	return alive && branded.has(p)
}
