package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/target/internal/cgroup"
)

// period is that in which CPU time is given out, as Docker has it.
const period = 100 * time.Millisecond

// limitMemory bounds what the group holds, without a way out into swap.
func (g group) limitMemory(bytes uint64) error {
	text := strconv.FormatUint(bytes, 10)
	if g.V2 {
		if err := writeFile(g.dir, "memory.max", text); err != nil {
			return err
		}
		// All of it dies, not one process of several; and nothing hides in swap.
		return errors.Join(optional(writeFile(g.dir, "memory.swap.max", "0")), writeFile(g.dir, "memory.oom.group", "1"))
	}
	// Version 1 keeps the limit with swap at or above the one without: which is to be
	// moved first depends on the direction.
	if err := writeFile(g.dir, "memory.limit_in_bytes", text); errors.Is(err, unix.EINVAL) {
		if err := writeFile(g.dir, "memory.memsw.limit_in_bytes", text); err != nil {
			return err
		}
		return writeFile(g.dir, "memory.limit_in_bytes", text)
	} else if err != nil {
		return err
	}
	return optional(writeFile(g.dir, "memory.memsw.limit_in_bytes", text))
}

// limitCPU bounds its CPU time, in CPUs.
func (g group) limitCPU(cpus float64) error {
	quota := strconv.FormatInt(max(1000, int64(cpus*float64(period.Microseconds()))), 10)
	each := strconv.FormatInt(period.Microseconds(), 10)
	if g.V2 {
		return writeFile(g.dir, "cpu.max", quota+" "+each)
	}
	if err := writeFile(g.dir, "cpu.cfs_period_us", each); err != nil {
		return err
	}
	return writeFile(g.dir, "cpu.cfs_quota_us", quota)
}

// removeCage removes the cgroup at dir, which must be one of ours, with all that
// runs in it and all groups that were made below it.
func removeCage(dir string) error {
	if !filepath.IsAbs(dir) || !strings.HasPrefix(filepath.Base(dir), cgroupPrefix) {
		return fmt.Errorf("remove cgroup: %q is not one of ours", dir)
	}
	if err := cgroup.Is(dir); err != nil {
		return fmt.Errorf("remove cgroup: %w", err)
	}
	deadline := time.Now().Add(killPatience)
	for {
		err := removeGroups(dir)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
		time.Sleep(sweepPause)
	}
}

// removeGroups tries once: the groups below first.
func removeGroups(dir string) error {
	err := unix.Rmdir(dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeGroups(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	killGroup(dir)
	if err := unix.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// killGroup kills who is in the group, but never this process.
func killGroup(dir string) {
	procs, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	for pid := range strings.FieldsSeq(string(procs)) {
		if number, err := strconv.Atoi(pid); err == nil && number != os.Getpid() {
			_ = unix.Kill(number, unix.SIGKILL)
		}
	}
}

// optional forgives a file that this kernel does not have.
func optional(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}
