package target

import (
	"errors"
	"fmt"
	"sync"
)

// Pressure is what the kernel counts of the cgroup of a life, since that began.
type Pressure struct {
	// Periods of 100 ms it had a limit of CPU time in, ThrottledPeriods those in which
	// that was used up, and ThrottledS for how long it stood still then, in seconds of
	// all of its threads.
	Periods, ThrottledPeriods uint64
	ThrottledS                float64
	// MemoryBytes is what it holds, MemoryHits how often it came to its limit of
	// memory, OOMKills how many of its processes the kernel killed for that.
	MemoryBytes, MemoryHits, OOMKills uint64
}

// squeeze is limits that are laid on a runner for a time.
type squeeze struct {
	mu     sync.Mutex // guards below
	wanted limits
	own    []setting // of the present life, as they were
	missed error     // of a life that began meanwhile and could not be bound
}

// setting is a file of a cgroup with its text.
type setting struct{ controller, dir, file, text string }

// LimitCPU bounds the CPU time of all of its processes, in CPUs, also over
// restarts, until it is called with 0: then its own limit, or none, is back. It
// fails with [ErrNoCPULimit] where that cannot be, with [ErrNotRunning] while it
// does not run, and with 0 where a life that began meanwhile could not be bound.
func (r *Runner) LimitCPU(cpus float64) error {
	return r.limit(controllerCPU, cpus == 0, func(l *limits) { l.cpus = cpus })
}

// LimitMemory bounds what all of its processes hold together the same way, in
// bytes; at more the kernel takes back what it can and then kills. It fails with
// [ErrNoMemoryLimit], also where the kernel has to take back at once what is held
// above the limit, as in version 1 of cgroups, and cannot.
func (r *Runner) LimitMemory(bytes uint64) error {
	return r.limit(controllerMemory, bytes == 0, func(l *limits) { l.memory = bytes })
}

// limit sets a limit, or gives it up.
func (r *Runner) limit(controller string, end bool, set func(*limits)) error {
	s := &r.squeeze
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.wanted
	set(&s.wanted)
	if end {
		err := errors.Join(s.missed, s.restore(controller))
		s.missed = nil
		return r.limitError(err)
	}
	t := r.alive()
	if t == nil {
		s.wanted = before
		return r.limitError(ErrNotRunning)
	}
	if err := s.apply(t, controller); err != nil {
		s.wanted = before
		return r.limitError(errors.Join(err, s.restore(controller)))
	}
	return nil
}

func (r *Runner) limitError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("limit %s: %w", r.prog.Name, err)
}

// bind lays on a new life what is laid on the runner.
func (s *squeeze) bind(t *tenure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own = nil // of a life that is gone
	if s.wanted.cpus > 0 {
		s.missed = errors.Join(s.missed, s.apply(t, controllerCPU))
	}
	if s.wanted.memory > 0 {
		s.missed = errors.Join(s.missed, s.apply(t, controllerMemory))
	}
}
