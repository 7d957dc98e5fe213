package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/target/internal/cgroup"
)

const (
	controllerCPU    = cgroup.CPU
	controllerMemory = cgroup.Memory
)

// settings are the files that a limit changes, in an order in which they can be
// written back.
func settings(controller string, v2 bool) []string {
	switch {
	case controller == controllerCPU && v2:
		return []string{"cpu.max"}
	case controller == controllerCPU:
		return []string{"cpu.cfs_period_us", "cpu.cfs_quota_us"}
	case v2:
		return []string{"memory.max", "memory.swap.max", "memory.oom.group"}
	default:
		return []string{"memory.memsw.limit_in_bytes", "memory.limit_in_bytes"}
	}
}

// groupOf is the cgroup that the life alone is in.
func groupOf(t *tenure, controller string) (group, error) {
	pid, ok := t.PID()
	if !ok {
		return group{}, ErrNotRunning
	}
	dir, v2 := cgroup.DirOf(fmt.Sprintf("/proc/%d", pid), controller)
	ours, _ := cgroup.DirOf(cgroup.Self, controller)
	if dir == "" || dir == ours || strings.HasPrefix(ours, dir+"/") {
		why := ErrNoMemoryLimit
		if controller == controllerCPU {
			why = ErrNoCPULimit
		}
		return group{}, fmt.Errorf("%w: it has no cgroup of its own (that takes root or a delegated cgroup; a container has one)", why)
	}
	return group{cgroup.Hierarchy{Parent: filepath.Dir(dir), V2: v2}, dir}, nil
}

// apply lays one of the limits on a life. The caller holds mu.
func (s *squeeze) apply(t *tenure, controller string) error {
	g, err := groupOf(t, controller)
	if err != nil {
		return err
	}
	for _, file := range settings(controller, g.V2) {
		text, err := os.ReadFile(filepath.Join(g.dir, file))
		known := slices.ContainsFunc(s.own, func(o setting) bool { return o.dir == g.dir && o.file == file })
		if err == nil && !known {
			s.own = append(s.own, setting{controller, g.dir, file, strings.TrimSpace(string(text))})
		}
	}
	if controller == controllerCPU {
		if err := g.limitCPU(s.wanted.cpus); err != nil {
			return fmt.Errorf("%w: %w", ErrNoCPULimit, err)
		}
		return nil
	}
	err = g.limitMemory(s.wanted.memory)
	if errors.Is(err, unix.EBUSY) {
		held, _ := number(g.dir, "memory.usage_in_bytes")
		return fmt.Errorf("%w: it holds %d bytes and the kernel could not take it down to %d", ErrNoMemoryLimit, held, s.wanted.memory)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoMemoryLimit, err)
	}
	return nil
}

// restore gives the present life its own limits back. The caller holds mu.
func (s *squeeze) restore(controller string) error {
	var errs []error
	for _, o := range s.own {
		if o.controller != controller {
			continue
		}
		err := writeFile(o.dir, o.file, o.text)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENODEV) { // the life is gone
			errs = append(errs, fmt.Errorf("give its own limit back: %w", err))
		}
	}
	s.own = slices.DeleteFunc(s.own, func(o setting) bool { return o.controller == controller })
	return errors.Join(errs...)
}

// Pressure reads what the kernel counts of its present life. What it does not count
// here is 0; it fails where there is no cgroup of its own.
func (r *Runner) Pressure() (p Pressure, err error) {
	t := r.alive()
	if t == nil {
		return Pressure{}, r.limitError(ErrNotRunning)
	}
	cpu, noCPU := groupOf(t, controllerCPU)
	memory, noMemory := groupOf(t, controllerMemory)
	if noCPU != nil && noMemory != nil {
		return Pressure{}, r.limitError(noMemory)
	}
	if noCPU == nil {
		p.Periods, p.ThrottledPeriods = counter(cpu.dir, "cpu.stat", "nr_periods"), counter(cpu.dir, "cpu.stat", "nr_throttled")
		p.ThrottledS = float64(counter(cpu.dir, "cpu.stat", "throttled_time"))/1e9 + float64(counter(cpu.dir, "cpu.stat", "throttled_usec"))/1e6
	}
	switch {
	case noMemory != nil:
	case memory.V2:
		p.MemoryBytes, _ = number(memory.dir, "memory.current")
		p.MemoryHits, p.OOMKills = counter(memory.dir, "memory.events", "max"), counter(memory.dir, "memory.events", "oom_kill")
	default:
		p.MemoryBytes, _ = number(memory.dir, "memory.usage_in_bytes")
		p.MemoryHits, _ = number(memory.dir, "memory.failcnt")
		p.OOMKills = counter(memory.dir, "memory.oom_control", "oom_kill")
	}
	return p, nil
}

// number reads a file that is nothing but a number.
func number(dir, file string) (uint64, error) {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
}
