package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target/internal/kin"
	"holdfast.dev/holdfast/harness/target/internal/peak"
	"holdfast.dev/holdfast/harness/undo"
)

// pipePatience bounds the wait for output from a child that escaped and still
// holds the pipe.
const pipePatience = time.Second

// processLife is one life of a process and of all that it starts.
type processLife struct {
	mark    mark
	journal *undo.Journal
	step    undo.Step
	// groupStep is planned where there is no cage.
	groupStep undo.Step
	make      func() *exec.Cmd
	cmd       *exec.Cmd // what was started
	log       io.WriteCloser
	limits    limits
	name      string
	gate      Gate  // nil: its way out is open
	cage      *cage // nil: there can be none here, and no limit needs one
	peak      *peak.Watch
	ended     chan struct{}

	mu   sync.Mutex // guards below; held while signalling, so that no reused id is hit
	gone bool
	// kills is when the kernel was seen to have killed one of its processes for memory.
	kills []time.Time
	// without a cage
	seen    []kin.Process // its processes, as they came to be known
	branded *brands       // nil before the first look

	// set before ended is closed
	end result.End
	err error
}

// confine makes the cgroups that the process is to be started in.
func (l *processLife) confine() (err error) {
	l.cage, err = newCage(l.journal, cgroupPrefix+l.mark.step, l.limits)
	return err
}

// live starts the process, waits until it is gone, and clears up after it.
//
// It stays on one OS thread from start to end: Linux sends the signal that
// makes the process die with its parent when the creating *thread* ends. A thread
// that is behind a gate ends with it.
func (l *processLife) live(started chan<- error) {
	runtime.LockOSThread()
	if l.gate == nil {
		defer runtime.UnlockOSThread()
	}
	if err := l.start(); err != nil {
		started <- errors.Join(fmt.Errorf("start the process: %w", err), l.clear(false))
		return
	}
	defer close(l.ended)
	l.peak = peak.Start(l.cmd.Process.Pid)
	planned := l.planGroup()
	close(started)

	unwatched := l.watch()
	reap(l.cmd, func() {
		unwatched()
		l.killRest()
	})
	_ = l.log.Close() // of lines kept in memory: cannot fail
	l.end = l.describeEnd(l.peak.Stop(l.cmd.ProcessState))
	l.err = errors.Join(planned, l.clear(true))
}

// killRest kills what is left once the main process is dead, so that nobody holds
// the pipe of its log. As long as that is not reaped, its id, which is the group's,
// is nobody else's.
func (l *processLife) killRest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = true
	_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL) // that the group is empty is no error
	for _, p := range l.members() {
		_ = kin.Send(p, syscall.SIGKILL) // clear makes sure of it
	}
}

// start starts it, behind its gate if it has one.
func (l *processLife) start() error {
	if l.gate == nil {
		return l.startCaged()
	}
	return l.gate.Start(l.name, l.startCaged)
}

func (l *processLife) startCaged() error {
	if l.cage != nil {
		err := l.cage.start(l.command())
		if err == nil || l.limits != (limits{}) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOEXEC) {
			return err
		}
		// It is in no limit's way: the kernel does not let a process begin in a cgroup.
		if err := l.cage.remove(); err != nil {
			return err
		}
		l.cage = nil
	}
	return l.mark.startBranded(l.command)
}

// command is what is started, anew.
func (l *processLife) command() *exec.Cmd {
	l.cmd = l.make()
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(l.cmd.SysProcAttr)
	return l.cmd
}

// clear removes whatever of this life is left and crosses its step out.
func (l *processLife) clear(ran bool) error {
	var err error
	if ran {
		ctx, cancel := context.WithTimeout(context.Background(), killPatience)
		defer cancel()
		err = killMarked(ctx, l.mark)
	}
	if l.cage != nil {
		err = errors.Join(err, l.cage.remove())
	}
	if err == nil {
		err = errors.Join(l.journal.Done(l.groupStep), l.journal.Done(l.step))
	}
	return err
}

func (l *processLife) describeEnd(peak *uint64) result.End {
	end := result.End{PeakRSSBytes: peak}
	if status, ok := l.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		end.Signal = status.Signal().String()
	} else {
		code := l.cmd.ProcessState.ExitCode()
		end.ExitCode = &code
	}
	if l.limits.memory > 0 {
		end.LimitBytes = &l.limits.memory
	}
	if l.cage != nil {
		kills, file := l.countOOM()
		if kills > 0 && end.Signal == syscall.SIGKILL.String() {
			end.OOMKilled, end.OOMEvidence = true, fmt.Sprintf("cgroup %s: oom_kill %d", file, kills)
		}
	}
	return end
}

// PID implements [Life].
func (l *processLife) PID() (int32, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int32(l.cmd.Process.Pid), !l.gone
}

// MemoryDir implements [Life].
func (l *processLife) MemoryDir() (string, bool) {
	if l.cage == nil {
		return "", false
	}
	dir := l.cage.memoryDir()
	return dir, dir != ""
}

// Signal implements [Life].
func (l *processLife) Signal(sig syscall.Signal, all bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		return ErrNotRunning
	}
	l.peak.Look()
	if l.cage == nil && terminates(sig) {
		l.members() // as long as they have their parent
	}
	pid := l.cmd.Process.Pid
	if !all {
		return syscall.Kill(pid, sig)
	}
	err := syscall.Kill(-pid, sig)
	l.signalOthers(sig)
	return err
}

// signalOthers sends to all that is not of the process group, and again as long as
// others come up meanwhile. The caller holds mu.
func (l *processLife) signalOthers(sig syscall.Signal) {
	told := map[kin.Process]bool{}
	for range signalRounds {
		fresh := false
		for _, p := range l.members() {
			if p.Group != int32(l.cmd.Process.Pid) && !told[p] {
				told[p], fresh = true, true
				_ = kin.Send(p, sig) // who is gone meanwhile needs none
			}
		}
		if !fresh {
			return
		}
	}
}

// signalRounds bounds the looks for processes that are forked while others are told.
const signalRounds = 5

// Members implements [crowd].
func (l *processLife) Members() []kin.Process {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		return nil
	}
	return l.members()
}

// members are all of its processes. Without a cage one that was seen once is
// remembered, for it may lose its parent and write over its mark. The caller holds
// mu.
func (l *processLife) members() []kin.Process {
	if l.cage != nil {
		return kin.InGroup(l.cage.anyDir())
	}
	if l.branded == nil {
		l.branded = l.mark.brands()
	}
	there := kin.Related(int32(l.cmd.Process.Pid), func(p kin.Process, environ [][]byte) bool { return l.mark.in(environ) || l.branded.has(p) })
	for _, p := range l.seen {
		if now, alive := kin.See(p.PID); alive && now.Start == p.Start && !slices.ContainsFunc(there, func(t kin.Process) bool { return t.PID == p.PID }) {
			there = append(there, now)
		}
	}
	l.seen = there
	return there
}

// watchEvery is between two looks for the processes of a life without a cage, oomEvery
// between two at what the kernel has killed of one with a limit of memory.
const (
	watchEvery = 500 * time.Millisecond
	oomEvery   = 100 * time.Millisecond
)

// watch looks at what has to be seen while it lives, until the caller ends it.
func (l *processLife) watch() (end func()) {
	every, look := watchEvery, func() { l.Members() }
	switch {
	case l.cage != nil && l.limits.memory > 0:
		every, look = oomEvery, func() { l.countOOM() }
	case l.cage != nil:
		return func() {}
	}
	quit, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				look()
			}
		}
	}()
	return func() {
		close(quit)
		<-over
	}
}

// countOOM looks how many of its processes the kernel has killed for memory, and notes
// the time of those that are new.
func (l *processLife) countOOM() (kills uint64, file string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kills, file = l.cage.oomKills()
	for uint64(len(l.kills)) < kills {
		l.kills = append(l.kills, time.Now())
	}
	return kills, file
}

// OOMKills implements [crowd].
func (l *processLife) OOMKills() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.kills)
}

// Done implements [Life].
func (l *processLife) Done() <-chan struct{} { return l.ended }

// Outcome implements [Life].
func (l *processLife) Outcome() (result.End, error) { return l.end, l.err }
