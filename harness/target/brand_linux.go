package target

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/target/internal/kin"
)

// A process without a cgroup is branded: a soft limit that binds nobody, the CPU time
// of a real-time process between two system calls, has a value that only this life
// has. Whatever it starts inherits that, also a daemon that has left its session, its
// parent and its environment; and whoever sweeps after a harness that was killed finds
// it by the mark alone.

// brand is that value: about 50,000 years of microseconds, and the life.
func (m mark) brand() uint64 {
	sum := sha256.Sum256([]byte(m.run + "\x00" + m.step))
	return 1<<60 | binary.BigEndian.Uint64(sum[:8])>>4
}

// startBranded starts cmd, which has its brand before its first instruction, where
// the kernel lets a child be held that long. The caller must be locked to its OS
// thread.
func (m mark) startBranded(cmd func() *exec.Cmd) error {
	held := cmd()
	if raisesRights(held.Path) { // who is held does not get them
		return m.startAndBrand(held)
	}
	held.SysProcAttr.Ptrace = true
	err := held.Start()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) {
		return m.startAndBrand(cmd())
	}
	if err != nil {
		return err
	}
	if err := m.brandHeld(held.Process.Pid); err != nil {
		_ = held.Process.Kill()
		_ = held.Wait()
		return fmt.Errorf("let it go on: %w", err)
	}
	return nil
}

// brandHeld brands a child that is held before its first instruction, and lets it go.
// One that was killed meanwhile is no error: who waits for it is told, for it is looked
// at without being reaped.
func (m mark) brandHeld(pid int) error {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
	m.apply(pid)
	if err := unix.PtraceDetach(pid); !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// startAndBrand brands it as soon as it has started.
func (m mark) startAndBrand(cmd *exec.Cmd) error {
	err := cmd.Start()
	if err == nil {
		m.apply(cmd.Process.Pid)
	}
	return err
}

// apply brands a process. Where that cannot be, it is found by its environment and its
// group alone.
func (m mark) apply(pid int) {
	var limit unix.Rlimit
	if unix.Prlimit(pid, unix.RLIMIT_RTTIME, nil, &limit) == nil && limit.Max == unix.RLIM_INFINITY {
		limit.Cur = m.brand()
		_ = unix.Prlimit(pid, unix.RLIMIT_RTTIME, &limit, nil)
	}
}

// raisesRights is whether a program runs with more rights than who starts it: by a bit
// of its mode or capabilities of its file, of a script those of its interpreter.
func raisesRights(path string) bool {
	for range maxInterpreters {
		info, err := os.Stat(path)
		if err != nil {
			return false
		}
		if size, err := unix.Getxattr(path, "security.capability", nil); err == nil && size > 0 || info.Mode()&(os.ModeSetuid|os.ModeSetgid) != 0 {
			return true
		}
		if path = interpreter(path); path == "" {
			return false
		}
	}
	return false
}

const (
	// maxInterpreters is how many scripts the kernel follows that name one another.
	maxInterpreters = 5
	// scriptHead is how much of a script the kernel reads.
	scriptHead = 256
)

// interpreter is what the kernel runs a script with; empty of what is none.
func interpreter(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, scriptHead)
	n, _ := io.ReadFull(f, head) // what was read of it is there
	line, script := bytes.CutPrefix(head[:n], []byte("#!"))
	line, _, _ = bytes.Cut(line, []byte("\n"))
	if fields := bytes.Fields(line); script && len(fields) > 0 {
		return string(fields[0])
	}
	return ""
}

// brands finds the living processes that have a mark's brand. Who was born without has
// none for good, and is not asked again: there may be many on a machine. It is for one
// goroutine.
type brands struct {
	text    string           // as the kernel prints the brand
	without map[int32]uint64 // when who has it not was born, by its id
}

func (m mark) brands() *brands {
	return &brands{text: strconv.FormatUint(m.brand(), 10), without: map[int32]uint64{}}
}

// has is whether a living process has the brand.
func (b *brands) has(p kin.Process) bool {
	if born, known := b.without[p.PID]; known && born == p.Start {
		return false
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(int(p.PID)) + "/limits")
	if err != nil {
		return false
	}
	_, line, found := bytes.Cut(text, []byte("Max realtime timeout"))
	if fields := bytes.Fields(line); found && len(fields) > 0 && string(fields[0]) == b.text {
		return true
	}
	b.without[p.PID] = p.Start
	return false
}
