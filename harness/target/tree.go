package target

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"holdfast.dev/holdfast/harness/target/internal/kin"
)

// Scope is which processes of an instance a signal goes to.
type Scope string

// The scopes of a signal.
const (
	// ToMain is the main process, as a service manager would send it.
	ToMain Scope = "main"
	// ToTree is all of its processes: what it has forked and they have, also what
	// has left its process group.
	ToTree Scope = "tree"
	// ToOldestChild and ToNewestChild are one of [Runner.Children].
	ToOldestChild Scope = "oldest-child"
	ToNewestChild Scope = "newest-child"
)

// ErrNoChild is that a signal is for a child of a program that has none.
var ErrNoChild = errors.New("it has no child process")

// crowd is a [Life] that knows all of its processes on this machine.
type crowd interface {
	// Members are they, in no order; none once it has ended.
	Members() []kin.Process
	// OOMKills is when the kernel was seen to have killed one of them for want of
	// memory.
	OOMKills() []time.Time
}

// OOMKills is how many of its processes, workers too, the kernel has killed for want
// of memory, in all of its lives. It is counted by cgroups.
func (r *Runner) OOMKills() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	kills := 0
	for _, e := range r.ends {
		kills += len(e.OOMKillsS)
	}
	if r.now != nil && r.ends[r.now.index].EndS == nil {
		kills += len(r.now.oomKills())
	}
	return kills
}

func (t *tenure) oomKills() []time.Time {
	if c, ok := t.Life.(crowd); ok {
		return c.OOMKills()
	}
	return nil
}

// Signal implements [Target].
func (r *Runner) Signal(sig os.Signal) error {
	to := ToMain
	if sig == syscall.SIGKILL || sig == syscall.SIGSTOP || sig == syscall.SIGCONT {
		to = ToTree
	}
	return r.signal(sig, to, nil)
}

// SignalTo sends a signal to some of its processes and returns which they are. It
// fails with [ErrNotRunning], or with [ErrNoChild].
func (r *Runner) SignalTo(sig os.Signal, to Scope) (reached []int32, err error) {
	err = r.signal(sig, to, &reached)
	return reached, err
}

// signal sends it and tells reached, unless that is nil, to whom.
func (r *Runner) signal(sig os.Signal, to Scope, reached *[]int32) error {
	number, ok := sig.(syscall.Signal)
	if !ok {
		return fmt.Errorf("signal %s: %v is no signal of this system", r.prog.Name, sig)
	}
	t := r.alive()
	if t == nil {
		return fmt.Errorf("signal %s: %w", r.prog.Name, ErrNotRunning)
	}
	var err error
	switch to {
	case ToMain, ToTree:
		if reached != nil {
			*reached = t.memberIDs(to == ToTree)
		}
		if terminates(number) { // noted first: the end may be recorded before signal returns
			r.mu.Lock()
			t.asked, t.askedAt = number, time.Now()
			r.mu.Unlock()
		}
		err = t.Signal(number, to == ToTree)
	case ToOldestChild, ToNewestChild:
		children := t.children()
		if len(children) == 0 {
			err = ErrNoChild
			break
		}
		child := children[0]
		if to == ToNewestChild {
			child = children[len(children)-1]
		}
		if err = kin.Send(child, number); err == nil && reached != nil {
			*reached = []int32{child.PID}
		}
	default:
		err = fmt.Errorf("%q is no scope of a signal", to)
	}
	if err != nil {
		return fmt.Errorf("signal %s: %w", r.prog.Name, err)
	}
	return nil
}

func terminates(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGABRT:
		return true
	}
	return false
}

// Members are its processes, the main one first: what it has forked and they have.
// None while it does not run.
func (r *Runner) Members() []int32 {
	if t := r.alive(); t != nil {
		return t.memberIDs(true)
	}
	return nil
}

// Children are the workers of a program that forks them, oldest first: the children
// of the first process, from the main one down, that has several; where none has,
// the last one of the line. A shell or npm before the master is passed over.
func (r *Runner) Children() []int32 {
	t := r.alive()
	if t == nil {
		return nil
	}
	var pids []int32
	for _, p := range t.children() {
		pids = append(pids, p.PID)
	}
	return pids
}

// members are the processes of the life, the oldest first.
func (t *tenure) members() []kin.Process {
	if c, ok := t.Life.(crowd); ok {
		return kin.Oldest(c.Members())
	}
	if pid, ok := t.PID(); ok {
		return []kin.Process{{PID: pid}}
	}
	return nil
}

// memberIDs are the ids of all, or of the main one.
func (t *tenure) memberIDs(all bool) []int32 {
	main, ok := t.PID()
	if !ok {
		return nil
	}
	pids := []int32{main}
	if all {
		for _, p := range t.members() {
			if !slices.Contains(pids, p.PID) {
				pids = append(pids, p.PID)
			}
		}
	}
	return pids
}

func (t *tenure) children() []kin.Process {
	main, ok := t.PID()
	if !ok {
		return nil
	}
	return kin.Workers(main, t.members())
}
