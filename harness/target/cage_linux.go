package target

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/target/internal/cgroup"
	"holdfast.dev/holdfast/harness/undo"
)

// cage is the cgroups that one life of one process, with all that it starts, is
// alone in: one for memory and one for CPU time, which are the same in version 2.
// Without a limit they are there to find its processes, and to limit them later.
type cage struct {
	memory, cpu group // without a directory: there is none
	journal     *undo.Journal
	step        undo.Step
}

// group is one cgroup.
type group struct {
	cgroup.Hierarchy
	dir string
}

// newCage plans and makes the groups, with their limits set. Where there can be none
// and none is needed for a limit, it is nil.
func newCage(j *undo.Journal, name string, wanted limits) (*cage, error) {
	memory, noMemory, cpu, noCPU := hierarchies()
	if wanted.memory > 0 && noMemory != nil {
		return nil, fmt.Errorf("%w: %w (the container target has a limit too)", ErrNoMemoryLimit, noMemory)
	}
	if wanted.cpus > 0 && noCPU != nil {
		return nil, fmt.Errorf("%w: %w (the container target has a limit too)", ErrNoCPULimit, noCPU)
	}
	c := &cage{journal: j}
	args := map[string]string{}
	if noMemory == nil {
		c.memory = group{memory, filepath.Join(memory.Parent, name)}
		args["dir"] = c.memory.dir
	}
	if noCPU == nil {
		c.cpu = group{cpu, filepath.Join(cpu.Parent, name)}
		args["cpu"] = c.cpu.dir
	}
	if len(args) == 0 {
		return nil, nil
	}
	var err error
	if c.step, err = j.Plan(stepCgroup, args); err != nil {
		return nil, err
	}
	if err := c.make(wanted); err != nil {
		if left := c.remove(); left != nil || wanted != (limits{}) {
			return nil, errors.Join(err, left)
		}
		return nil, nil
	}
	return c, nil
}

// hierarchies finds where groups for memory and for CPU time may be made. In version
// 2 a process is in one group: so both are one, or there is the first alone.
func hierarchies() (memory cgroup.Hierarchy, noMemory error, cpu cgroup.Hierarchy, noCPU error) {
	memory, noMemory = cgroup.Own(cgroup.Self, cgroup.Memory)
	cpu, noCPU = cgroup.Own(cgroup.Self, cgroup.CPU)
	if noMemory == nil && noCPU == nil && memory.V2 && cpu.V2 {
		if both, err := cgroup.Own(cgroup.Self, cgroup.Memory, cgroup.CPU); err == nil {
			return both, nil, both, nil
		}
		noCPU = errors.New("no cgroup of ours to write has both the memory and the cpu controller")
	}
	return memory, noMemory, cpu, noCPU
}

func (c *cage) make(wanted limits) error {
	for _, g := range c.groups() {
		if err := os.Mkdir(g.dir, 0o755); err != nil {
			return c.refused(wanted, err)
		}
	}
	if wanted.memory > 0 {
		if err := c.memory.limitMemory(wanted.memory); err != nil {
			return fmt.Errorf("%w: %w (it takes root or a delegated cgroup; the container target has a limit too)", ErrNoMemoryLimit, err)
		}
	}
	if wanted.cpus > 0 {
		if err := c.cpu.limitCPU(wanted.cpus); err != nil {
			return fmt.Errorf("%w: %w (it takes root or a delegated cgroup; the container target has a limit too)", ErrNoCPULimit, err)
		}
	}
	return nil
}

// refused is that a group could not be made, in the words of the limit that needs it.
func (c *cage) refused(wanted limits, err error) error {
	why := ErrNoMemoryLimit
	if wanted.memory == 0 {
		why = ErrNoCPULimit
	}
	return fmt.Errorf("%w: %w (it takes root or a delegated cgroup; the container target has a limit too)", why, err)
}

// groups are those that there are, each once.
func (c *cage) groups() []group {
	var all []group
	for _, g := range []group{c.memory, c.cpu} {
		if g.dir != "" && !slices.Contains(all, g) {
			all = append(all, g)
		}
	}
	return all
}

// start starts cmd inside the groups, from its first page on. The caller must be
// locked to its OS thread.
func (c *cage) start(cmd *exec.Cmd) error {
	// Version 1 groups threads, and a child is born into the groups of the thread
	// that forks it: so this thread goes in, forks, and comes back.
	thread := strconv.Itoa(unix.Gettid())
	var entered []group
	leave := func() error {
		var errs []error
		for _, g := range entered {
			errs = append(errs, writeFile(g.Parent, "tasks", thread))
		}
		return errors.Join(errs...)
	}
	for _, g := range c.groups() {
		if !g.V2 {
			if err := writeFile(g.dir, "tasks", thread); err != nil {
				return errors.Join(err, leave())
			}
			entered = append(entered, g)
			continue
		}
		dir, err := os.Open(g.dir)
		if err != nil {
			return errors.Join(err, leave())
		}
		defer dir.Close()
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
	}
	started := cmd.Start()
	if err := leave(); err != nil {
		if started == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		return errors.Join(fmt.Errorf("leave the cgroup: %w", err), started)
	}
	return started
}

// memoryDir is the directory of the memory group, empty if there is none.
func (c *cage) memoryDir() string { return c.memory.dir }

// anyDir is a directory in which all of the processes are listed.
func (c *cage) anyDir() string { return c.groups()[0].dir }

// oomKills is how many of the processes in it the kernel has killed for want of
// memory, and the file that says so.
func (c *cage) oomKills() (kills uint64, file string) {
	file = "memory.oom_control"
	if c.memory.V2 {
		file = "memory.events"
	}
	if c.memory.dir != "" {
		kills = counter(c.memory.dir, file, "oom_kill")
	}
	return kills, file
}

// remove kills what is left in the groups, removes them, and crosses them out.
func (c *cage) remove() error {
	for _, g := range c.groups() {
		if err := removeCage(g.dir); err != nil {
			return err
		}
	}
	return c.journal.Done(c.step)
}

func writeFile(dir, name, text string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
}

// counter reads a number of a file of lines "name number"; 0 if it is not there.
func counter(dir, file, name string) uint64 {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if number, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			n, _ := strconv.ParseUint(number, 10, 64)
			return n
		}
	}
	return 0
}

// CgroupDir is the directory of the cgroup that all of its processes, and they
// alone, run in, with that controller, cpu or memory: where they can be limited and
// what the kernel counts of them is read. False while it does not run, or has none
// of its own. Each life has another.
func (r *Runner) CgroupDir(controller string) (dir string, ok bool) {
	t := r.alive()
	if t == nil {
		return "", false
	}
	pid, running := t.PID()
	if !running {
		return "", false
	}
	dir, _ = cgroup.DirOf(fmt.Sprintf("/proc/%d", pid), controller)
	ours, _ := cgroup.DirOf(cgroup.Self, controller)
	if dir == "" || dir == ours || strings.HasPrefix(ours, strings.TrimSuffix(dir, "/")+"/") {
		return "", false
	}
	return dir, true
}
