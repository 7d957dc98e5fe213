package kin

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
)

// InGroup are the living processes in the cgroup at dir and in those below it.
func InGroup(dir string) []Process {
	var all []Process
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil // gone meanwhile, or not a group
		}
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			return nil
		}
		for field := range bytes.FieldsSeq(text) {
			// A thread of this process is in there for as long as it starts one.
			if pid, err := strconv.ParseInt(string(field), 10, 32); err == nil && int(pid) != os.Getpid() {
				if p, alive := see(int32(pid)); alive {
					all = append(all, p)
				}
			}
		}
		return nil
	})
	return all
}

// Related are root, as long as it lives, and the living processes whose parents are
// related to it, which are in its process group or its session, or which marked knows
// by their environment or otherwise. This process and its own parents are none.
func Related(root int32, marked func(p Process, environ [][]byte) bool) []Process {
	var others, all []Process
	there := map[int32]bool{}
	add := func(p Process) {
		there[p.PID] = true
		all = append(all, p)
	}
	for _, pid := range list() {
		p, alive := see(pid)
		switch {
		case !alive || pid == int32(os.Getpid()):
		case pid == root || p.Group == root || p.Session == root || marked != nil && marked(p, environ(pid)):
			add(p)
		default:
			others = append(others, p)
		}
	}
	for found := true; found; { // a grandchild may be listed before its parent
		found = false
		for _, p := range others {
			if !there[p.PID] && there[p.Parent] {
				add(p)
				found = true
			}
		}
	}
	return all
}

// See is a process as it is now; false if it is gone.
func See(pid int32) (p Process, alive bool) { return see(pid) }

// Alive is whether a process is there and has not ended.
func Alive(pid int32) bool {
	_, alive := see(pid)
	return alive
}

// OfGroup are the living processes of a process group that a process led which
// began at start, and whose environment says ours, or says nothing any more since
// they have written over it. Where the group is another process's by now there are
// none.
func OfGroup(group int32, start uint64, ours func(environ [][]byte) bool) []Process {
	if leader, alive := see(group); alive && leader.Start != start {
		return nil
	}
	var all []Process
	for _, pid := range list() {
		p, alive := see(pid)
		if !alive || p.Group != group || p.Start < start || pid == int32(os.Getpid()) {
			continue
		}
		if env := environ(pid); env != nil && (ours(env) || !variable.Match(env[0])) {
			all = append(all, p)
		}
	}
	return all
}

// variable is how an environment begins that nobody has written over.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// Boot is the machine's present run, in which ids and starts of processes mean
// something; empty if it is not known.
func Boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(id))
}

func list() []int32 {
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

func environ(pid int32) [][]byte {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(int(pid)) + "/environ")
	if err != nil {
		return nil // what may not be read is not ours
	}
	return bytes.Split(text, []byte{0})
}

// see reads what the kernel says of a process. One that has ended and was not
// waited for is not alive.
func see(pid int32) (p Process, alive bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(int(pid)) + "/stat")
	if err != nil {
		return Process{}, false
	}
	// The name, in parentheses, may hold anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 || len(fields[0]) != 1 || bytes.Contains([]byte("ZX"), fields[0]) {
		return Process{}, false
	}
	number := func(field int) uint64 { // as proc(5) numbers them
		n, _ := strconv.ParseUint(string(fields[field-3]), 10, 64)
		return n
	}
	return Process{PID: pid, Parent: int32(number(4)), Group: int32(number(5)), Session: int32(number(6)), Start: number(22)}, true
}

// Send sends a signal to a process that was seen, and to no other that has its id by
// now. That it is gone is [os.ErrProcessDone].
func Send(p Process, sig syscall.Signal) error {
	handle, err := os.FindProcess(int(p.PID)) // of the process, not of the number
	if err != nil {
		return err
	}
	defer handle.Release()
	if now, alive := see(p.PID); !alive || now.Start != p.Start {
		return os.ErrProcessDone
	}
	err = handle.Signal(sig)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
