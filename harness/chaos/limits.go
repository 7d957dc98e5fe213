package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
)

// ErrNoLimits is what a limit meets at a process that cannot be limited here.
var ErrNoLimits = errors.New("this target's processes cannot be limited")

// Limited is a [Process] that can be limited with all that it has started, also over
// its restarts.
type Limited interface {
	// LimitCPU and LimitMemory lay a limit, or with 0 give the process its own back.
	LimitCPU(cpus float64) error
	LimitMemory(bytes uint64) error
	// Pressure counts, since its present life began.
	Pressure() (target.Pressure, error)
}

// starve carries out [fault.Starve].
func starve(_ context.Context, s *Signals, f fault.Fault, _ identity) (Applied, error) {
	k := f.Kind.(fault.Starve)
	return s.limit(f, allowance{
		declared: fmt.Sprintf("no more than %g of a processor's time", k.CPUs),
		lay:      func(p Limited) error { return p.LimitCPU(k.CPUs) },
		lift:     func(p Limited) error { return p.LimitCPU(0) },
		meets:    func(p target.Pressure) uint64 { return p.ThrottledPeriods },
	})
}

// squeeze carries out [fault.Squeeze].
func squeeze(_ context.Context, s *Signals, f fault.Fault, _ identity) (Applied, error) {
	k := f.Kind.(fault.Squeeze)
	return s.limit(f, allowance{
		declared: "no more than " + k.Bytes.String() + " of memory",
		lay:      func(p Limited) error { return p.LimitMemory(uint64(k.Bytes)) },
		lift:     func(p Limited) error { return p.LimitMemory(0) },
		meets:    func(p target.Pressure) uint64 { return max(p.MemoryHits, p.OOMKills) },
		kills:    true,
	})
}

// allowance is how a limit is laid and lifted, and how often it was met in a life.
type allowance struct {
	declared  string
	lay, lift func(Limited) error
	meets     func(target.Pressure) uint64
	kills     bool // who meets it may be killed for that
}

// limit lays a limit on the process.
func (s *Signals) limit(f fault.Fault, how allowance) (Applied, error) {
	p, ok := s.process.(Limited)
	if !ok {
		return nil, fmt.Errorf("%q: %w", f.Kind, ErrNoLimits)
	}
	l := &limited{allowance: how, process: p, over: make(chan struct{})}
	if before, err := p.Pressure(); err == nil {
		l.base, l.last = before, before
	}
	l.dead = l.ended()
	if err := how.lay(p); err != nil {
		return nil, fmt.Errorf("%q: %w", f.Kind, err)
	}
	l.following.Go(l.follow)
	return l, nil
}

// limited is such a fault in force.
type limited struct {
	allowance
	process   Limited
	over      chan struct{} // closed when it is being undone
	following sync.WaitGroup

	mu     sync.Mutex      // guards all below
	base   target.Pressure // when the limit came upon the present life
	last   target.Pressure // of the present life
	met    uint64          // in lives that are over
	killed uint64          // in lives that are over
	dead   uint64          // lives that had ended for want of memory before
	undone bool
}

// followEvery is how often the counters are looked at: those of a life are gone with it.
const followEvery = 20 * time.Millisecond

// ended is how many lives the kernel has ended for want of memory: their counters are
// gone before anybody can read them.
func (l *limited) ended() (n uint64) {
	told, ok := l.process.(interface{ Ends() []result.End })
	if !ok || !l.kills {
		return 0
	}
	for _, e := range told.Ends() {
		if e.OOMKilled {
			n++
		}
	}
	return n
}

// follow counts until the fault is undone.
func (l *limited) follow() {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.over:
			return
		case <-tick.C:
			l.look()
		}
	}
}

// look counts what the limit did until now. Counters that fell are those of another
// life, which the limit was upon from its beginning.
func (l *limited) look() {
	now, err := l.process.Pressure()
	if err != nil {
		return // nothing runs now
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Periods < l.last.Periods || now.MemoryHits < l.last.MemoryHits || now.OOMKills < l.last.OOMKills {
		l.met, l.killed = l.met+l.meets(l.last)-l.meets(l.base), l.killed+l.last.OOMKills-l.base.OOMKills
		l.base = target.Pressure{}
	}
	l.last = now
}

// Undo implements [Applied].
func (l *limited) Undo(context.Context) error {
	l.mu.Lock()
	undone := l.undone
	l.undone = true
	l.mu.Unlock()
	if !undone {
		close(l.over)
		l.following.Wait()
		l.look()
	}
	if err := l.lift(l.process); err != nil {
		return fmt.Errorf("undo the limit: %w", err)
	}
	return nil
}

// Receipt implements [Applied].
func (l *limited) Receipt() fault.Receipt {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, killed := l.met+l.meets(l.last)-l.meets(l.base), l.killed+l.last.OOMKills-l.base.OOMKills
	if dead := l.ended() - l.dead; dead > killed {
		n, killed = n+dead, dead
	}
	r := fault.Receipt{Fired: int64(n), Touched: 1, Declared: l.declared, Measured: fmt.Sprintf("met %d times", n)}
	if killed > 0 {
		r.Measured += fmt.Sprintf("; the kernel killed %d for memory", killed)
	}
	return r
}
