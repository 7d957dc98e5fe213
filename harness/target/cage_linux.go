package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/target/internal/cgroup"
	"holdfast.dev/holdfast/harness/undo"
)

// cage is a memory cgroup for one life of one process.
type cage struct {
	cgroup.Hierarchy
	dir     string // the group's own directory
	journal *undo.Journal
	step    undo.Step
}

// newCage plans and makes the group, with its limit in bytes set.
func newCage(j *undo.Journal, name string, limit uint64) (*cage, error) {
	h, err := cgroup.Own("/proc/self")
	if err != nil {
		return nil, fmt.Errorf("%w: %w (the container target has a limit too)", ErrNoMemoryLimit, err)
	}
	c := &cage{Hierarchy: h, dir: filepath.Join(h.Parent, name), journal: j}
	if c.step, err = j.Plan(stepCgroup, map[string]string{"dir": c.dir}); err != nil {
		return nil, err
	}
	if err := c.make(limit); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w (it takes root or a delegated cgroup; the container target has a limit too)",
			ErrNoMemoryLimit, err), c.remove())
	}
	return c, nil
}

func (c *cage) make(limit uint64) error {
	if err := os.Mkdir(c.dir, 0o755); err != nil {
		return err
	}
	text := strconv.FormatUint(limit, 10)
	if c.V2 {
		if err := writeFile(c.dir, "memory.max", text); err != nil {
			return err
		}
		// All of it dies, not one process of several; and nothing hides in swap.
		return errors.Join(optional(writeFile(c.dir, "memory.swap.max", "0")), writeFile(c.dir, "memory.oom.group", "1"))
	}
	if err := writeFile(c.dir, "memory.limit_in_bytes", text); err != nil {
		return err
	}
	return optional(writeFile(c.dir, "memory.memsw.limit_in_bytes", text))
}

// start starts cmd inside the group, from its first page on. The caller must
// be locked to its OS thread.
func (c *cage) start(cmd *exec.Cmd) error {
	if c.V2 {
		group, err := os.Open(c.dir)
		if err != nil {
			return err
		}
		defer group.Close()
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(group.Fd())
		return cmd.Start()
	}
	// Version 1 groups threads, and a child is born into the group of the
	// thread that forks it: so this thread goes in, forks, and comes back.
	thread := strconv.Itoa(unix.Gettid())
	if err := writeFile(c.dir, "tasks", thread); err != nil {
		return err
	}
	started := cmd.Start()
	if err := writeFile(c.Parent, "tasks", thread); err != nil {
		if started == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		return errors.Join(fmt.Errorf("leave the memory cgroup: %w", err), started)
	}
	return started
}

// oomEvidence says what shows that the kernel killed for want of memory here;
// it is empty if nothing does.
func (c *cage) oomEvidence() string {
	file := "memory.oom_control"
	if c.V2 {
		file = "memory.events"
	}
	data, err := os.ReadFile(filepath.Join(c.dir, file))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if kills, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok && kills != "0" {
			return fmt.Sprintf("cgroup %s: oom_kill %s", file, kills)
		}
	}
	return ""
}

// remove kills what is left in the group, removes it, and crosses it out.
func (c *cage) remove() error {
	if err := removeCage(c.dir); err != nil {
		return err
	}
	return c.journal.Done(c.step)
}

// removeCage removes the memory cgroup at dir, which must be one of ours.
func removeCage(dir string) error {
	if !filepath.IsAbs(dir) || !strings.HasPrefix(filepath.Base(dir), cgroupPrefix) {
		return fmt.Errorf("remove cgroup: %q is not one of ours", dir)
	}
	deadline := time.Now().Add(killPatience)
	for {
		err := unix.Rmdir(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
		procs, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		for pid := range strings.FieldsSeq(string(procs)) {
			if number, err := strconv.Atoi(pid); err == nil && number != os.Getpid() {
				_ = syscall.Kill(number, syscall.SIGKILL)
			}
		}
		time.Sleep(sweepPause)
	}
}

func writeFile(dir, name, text string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
}

// optional forgives a file that this kernel does not have.
func optional(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}
