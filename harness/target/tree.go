package target

import (
	"errors"
	"os"
)

// SignalTo sends a signal to some of its processes and returns which.
func (r *Runner) SignalTo(sig os.Signal, to Scope) (reached []int32, err error) {
	return nil, errors.ErrUnsupported
}

// Members are its processes, the main one first: what it has forked and they have.
// None while it does not run.
func (r *Runner) Members() []int32 { return nil }

// Children are the workers of a program that forks them, oldest first: the children
// of the first process, from the main one down, that has several; where none has,
// the last one of the line. A shell or npm before the master is passed over.
func (r *Runner) Children() []int32 { return nil }

// LimitCPU bounds the CPU time of all of its processes, in CPUs, also over
// restarts, until it is called with 0: then its own limit, or none, is back. It
// fails with [ErrNoCPULimit] where that cannot be.
func (r *Runner) LimitCPU(cpus float64) error { return errors.ErrUnsupported }

// LimitMemory bounds what all of its processes hold together the same way, in
// bytes; at more the kernel takes back what it can and then kills. It fails with
// [ErrNoMemoryLimit], or where the kernel cannot take so much back at once.
func (r *Runner) LimitMemory(bytes uint64) error { return errors.ErrUnsupported }

// Pressure is what the kernel counts of a cgroup, since it was made.
type Pressure struct {
	// ThrottledPeriods is in how many periods its CPU time was used up, of Periods;
	// ThrottledS for how long it then stood still, in seconds.
	Periods, ThrottledPeriods uint64
	ThrottledS                float64
	// MemoryBytes is what it holds; MemoryHits how often it came to its limit of
	// memory; OOMKills how many of its processes the kernel killed for that.
	MemoryBytes, MemoryHits, OOMKills uint64
}

// Pressure reads what the kernel counts of its present life.
func (r *Runner) Pressure() (Pressure, error) { return Pressure{}, errors.ErrUnsupported }
