package witness

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// proc is one process as the kernel tells of it in /proc/PID/stat.
type proc struct {
	pid, parent int32
	name        string
	title       string // of a Postgres: it says there what it works on
	state       byte
	started     uint64
	used        time.Duration // by itself, and by those of its children that it has waited for
	waited      time.Duration // of that, by the latter
	memory      int64         // bytes that are in memory, shared ones with each that shares them
}

// stopped reports whether a signal keeps the process from running.
func (p proc) stopped() bool { return p.state == 'T' }

// waitsForDisk reports whether the process waits for something that no signal
// interrupts, a disk as a rule.
func (p proc) waitsForDisk() bool { return p.state == 'D' }

// tick is the unit of CPU time in /proc: every Linux of today counts hundredths.
const tick = 10 * time.Millisecond

// procs are all processes that can be seen, by their ids.
func procs() (map[int32]proc, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	all := make(map[int32]proc, len(names))
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		stat, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue // it has ended meanwhile
		}
		p, ok := parseStat(stat)
		if !ok {
			continue
		}
		if isPostgres(p) {
			title, _ := os.ReadFile("/proc/" + name + "/cmdline") // none: it has ended meanwhile
			p.title = string(title)
		}
		all[p.pid] = p
	}
	return all, nil
}

// complete reports whether these are all processes of the machine, which is told by the one
// that starts the kernel's own: it is seen from nowhere else.
func complete(all map[int32]proc) bool {
	kthreadd := all[2]
	return kthreadd.name == "kthreadd" && kthreadd.parent == 0
}

// parseStat reads a line of /proc/PID/stat. The name of the program stands in
// parentheses and may hold any others.
func parseStat(stat []byte) (p proc, ok bool) {
	open, shut := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 1 || shut < open {
		return p, false
	}
	fields := bytes.Fields(stat[shut+1:])
	if len(fields) < 22 {
		return p, false
	}
	number := func(text []byte) uint64 {
		n, err := strconv.ParseUint(string(text), 10, 64)
		ok = ok && err == nil
		return n
	}
	ok = true
	p.pid = int32(number(bytes.TrimSpace(stat[:open])))
	p.name, p.state = string(stat[open+1:shut]), fields[0][0]
	p.parent = int32(number(fields[1]))
	for _, field := range fields[11:15] { // utime, stime, cutime, cstime
		p.used += time.Duration(number(field)) * tick
	}
	p.waited = time.Duration(number(fields[13])+number(fields[14])) * tick
	p.started = number(fields[19])
	p.memory = int64(number(fields[21])) * int64(os.Getpagesize())
	return p, ok
}

func (p proc) hasUsed() time.Duration { return p.used }

// written is how many bytes a process, with those of its children that it has
// waited for, has had written to a disk. It is zero where that is not told.
func (p proc) written() int64 { return numberIn(fmt.Sprintf("/proc/%d/io", p.pid), "write_bytes: ") }

// numberIn is the number behind a label in one of the kernel's files; zero where
// there is none.
func numberIn(file, label string) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte(label)); ok {
			word, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
			n, _ := strconv.ParseInt(string(word), 10, 64)
			return n
		}
	}
	return 0
}

// descends reports whether a process is root or was started by it, directly or not.
func descends(all map[int32]proc, pid, root int32) bool {
	for range len(all) {
		if pid == root {
			return true
		}
		p, ok := all[pid]
		if !ok || p.parent == 0 {
			return false
		}
		pid = p.parent
	}
	return false
}

// life names one life of a process: ids are used again.
type life struct {
	pid     int32
	started uint64
}

func (p proc) life() life { return life{p.pid, p.started} }
