package probe

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// find looks which processes there are now.
func (t *Tree) find() {
	there := t.grouped()
	if there == nil {
		there = t.related()
	}
	there[t.root] = true
	for pid, k := range t.kin {
		switch {
		case !there[pid]:
			delete(t.kin, pid)
			if time.Since(k.born) >= t.stays {
				t.gone++
			}
		case k.copy:
			k.copy = readStat(pid).forked
		}
	}
	for pid := range there {
		if t.kin[pid] == nil {
			s := readStat(pid)
			t.kin[pid] = &kinsman{since: time.Now(), born: time.Now().Add(-s.age), copy: s.forked}
		}
	}
}

// grouped are the processes of the target's own cgroup, nil if it has none.
func (t *Tree) grouped() map[int32]bool {
	if t.config.Group == nil {
		return nil
	}
	dir, ok := t.config.Group()
	if !ok {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return nil
	}
	there := map[int32]bool{}
	for field := range bytes.FieldsSeq(text) {
		if pid, err := strconv.ParseInt(string(field), 10, 32); err == nil {
			there[int32(pid)] = true
		}
	}
	return there
}

// related are the processes whose parents are of the tree, or that carry its
// mark. Only those are looked at that were not there before.
func (t *Tree) related() map[int32]bool {
	there, fresh := map[int32]bool{}, map[int32]stat{}
	strangers := make(map[int32]struct{}, len(t.not))
	for _, pid := range allProcesses() {
		if _, stranger := t.not[pid]; stranger {
			strangers[pid] = struct{}{}
		} else if t.kin[pid] != nil || pid == t.root {
			there[pid] = true
		} else {
			fresh[pid] = readStat(pid)
		}
	}
	for found := true; found; { // a grandchild may be listed before its parent
		found = false
		for pid, s := range fresh {
			if there[s.parent] {
				there[pid], found = true, true
				delete(fresh, pid)
			}
		}
	}
	for pid, s := range fresh {
		switch marked, known := t.marked(pid, s); {
		case marked:
			there[pid] = true
		case known:
			strangers[pid] = struct{}{}
		}
	}
	t.not = strangers
	return there
}

// marked reports whether a process carries the tree's mark. What may not be read
// does not. It is not known of one that has no environment: it is about to become
// another program, or dead.
func (t *Tree) marked(pid int32, s stat) (marked, known bool) {
	mark := ""
	if t.config.Mark != nil {
		mark = t.config.Mark()
	}
	if mark == "" || s.kernel {
		return false, true
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || len(environ) == 0 {
		return false, err != nil && !gone(err)
	}
	for variable := range bytes.SplitSeq(environ, []byte{0}) {
		if string(variable) == mark {
			return true, true
		}
	}
	return false, true
}

func allProcesses() []int32 {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what was read of it is there
	var pids []int32
	for _, name := range names {
		if pid, err := strconv.ParseInt(name, 10, 32); err == nil {
			pids = append(pids, int32(pid))
		}
	}
	return pids
}

// stat is what is of interest in /proc/PID/stat; nothing for who is gone.
type stat struct {
	parent int32
	forked bool          // forked, and not become another program yet
	kernel bool          // a thread of the kernel's
	reaped time.Duration // CPU time of the children that ended and were waited for
	age    time.Duration // since it was started
}

// Flags of a process, as the kernel has them: PF_FORKNOEXEC and PF_KTHREAD.
const (
	forkedNoExec = 0x40
	kernelThread = 0x200000
)

// ticks are counted a hundred in a second, on every platform of Linux that Go knows.
const tick = time.Second / 100

func readStat(pid int32) stat {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}
	}
	// The name, in parentheses, may hold anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	number := func(field int) int64 { // as proc(5) numbers them
		if field-3 >= len(fields) {
			return 0
		}
		n, err := strconv.ParseInt(string(fields[field-3]), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return stat{
		parent: int32(number(4)),
		forked: number(9)&forkedNoExec != 0,
		kernel: number(9)&kernelThread != 0,
		reaped: time.Duration(number(16)+number(17)) * tick,
		age:    sinceBoot() - time.Duration(number(22))*tick,
	}
}

// sinceBoot is the time since the machine was started, by which the kernel says when a
// process was.
func sinceBoot() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// reapedTime is the CPU time of a process's children that are gone.
func reapedTime(pid int32) time.Duration { return readStat(pid).reaped }
