package chaos

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/result"
)

// ErrNoGroup is what a limit meets where the process runs in no cgroup of its own.
var ErrNoGroup = errors.New("this machine lets the process have no cgroup of its own")

// Grouped is a [Process] that runs, with all that it starts, in cgroups of its own.
type Grouped interface {
	// CgroupDir is the directory of the one that has a controller, cpu or memory, of
	// the present life; false where there is none.
	CgroupDir(controller string) (dir string, ok bool)
}

// limits are how a kind is carried out in cgroups of either version: what is written
// and what is counted. The version is the first whose first file there is.
type limits struct {
	controller string
	declared   string
	versions   []version
	kills      bool // who meets it may be killed for that
}

// version is that of the cgroups, 2 or 1.
type version struct {
	settings []setting
	met      kernelCount // how often the limit was met
	killed   kernelCount // how often the kernel killed for it; none: it never does
}

// setting is a file of a cgroup and what is written there. One that is no limit is
// written whatever stands there; one that is optional is left out where there is no
// such file.
type setting struct {
	file, value        string
	switched, optional bool
}

// kernelCount is a file of a cgroup and the line that counts in it; a file that is nothing
// but a number has no line.
type kernelCount struct{ file, line string }

// limitsOf are those of [fault.Starve] and [fault.Squeeze].
func limitsOf(kind fault.Kind) limits {
	switch k := kind.(type) {
	case fault.Starve:
		return limitsOfCPU(k)
	case fault.Squeeze:
		return limitsOfMemory(k)
	}
	return limits{}
}

// Controller is that by which a kind limits a process, cpu or memory; empty where the
// kind is no limit.
func Controller(kind fault.Kind) string { return limitsOf(kind).controller }

// quotaPeriod is that in which a share of the processors is handed out, in µs: the
// kernel's own default.
const quotaPeriod = 100_000

func limitsOfCPU(k fault.Starve) limits {
	quota, throttled := strconv.Itoa(int(math.Round(k.CPUs*quotaPeriod))), kernelCount{"cpu.stat", "nr_throttled"}
	return limits{
		controller: "cpu", declared: fmt.Sprintf("no more than %g of a processor's time", k.CPUs),
		versions: []version{
			{settings: []setting{{file: "cpu.max", value: quota + " " + strconv.Itoa(quotaPeriod)}}, met: throttled},
			{settings: []setting{{file: "cpu.cfs_period_us", value: strconv.Itoa(quotaPeriod), switched: true}, {file: "cpu.cfs_quota_us", value: quota}}, met: throttled},
		},
	}
}

// limitsOfMemory leave no way out into swap, and let the kernel kill all of a service's
// processes together, as a machine's manager does.
func limitsOfMemory(k fault.Squeeze) limits {
	bytes := strconv.FormatInt(int64(k.Bytes), 10)
	return limits{
		controller: "memory", declared: "no more than " + k.Bytes.String() + " of memory", kills: true,
		versions: []version{
			{
				settings: []setting{
					{file: "memory.max", value: bytes}, {file: "memory.swap.max", value: "0", optional: true},
					{file: "memory.oom.group", value: "1", switched: true, optional: true},
				},
				met: kernelCount{"memory.events", "max"}, killed: kernelCount{"memory.events", "oom_kill"},
			},
			{
				settings: []setting{{file: "memory.limit_in_bytes", value: bytes}, {file: "memory.memsw.limit_in_bytes", value: bytes, optional: true}},
				met:      kernelCount{"memory.failcnt", ""}, killed: kernelCount{"memory.oom_control", "oom_kill"},
			},
		},
	}
}

// limit carries out [fault.Starve] and [fault.Squeeze].
func limit(_ context.Context, s *Signals, f fault.Fault, _ identity) (Applied, error) {
	grouped, ok := s.process.(Grouped)
	if !ok {
		return nil, fmt.Errorf("%q: %w", f.Kind, ErrNoGroup)
	}
	l := &limited{limits: limitsOf(f.Kind), process: grouped, over: make(chan struct{})}
	l.dead = l.ended()
	dir, ok := grouped.CgroupDir(l.controller)
	if !ok {
		return nil, fmt.Errorf("%q: %w", f.Kind, ErrNoGroup)
	}
	if err := l.lower(dir); err != nil {
		return nil, err
	}
	l.following.Go(l.follow)
	return l, nil
}

// limited is such a fault in force.
type limited struct {
	limits
	process   Grouped
	over      chan struct{} // closed when it is being undone
	following sync.WaitGroup

	mu           sync.Mutex // guards all below
	dir          string
	of           version
	before       []setting // what stood there, in the order in which it was changed
	base         counts    // when it came upon the present life
	now, earlier counts    // in the present life, as last looked at; in those that are over
	dead         int64     // lives that had ended for want of memory before
	undone       bool
	err          error // a later life could not be limited
}

// counts are how often a limit was met, and how often the kernel killed for it.
type counts struct{ met, killed int64 }

// followEvery is how often the group is looked at: its counters are gone with the life.
const followEvery = 20 * time.Millisecond

// follow limits each life that the process begins while the fault is on.
func (l *limited) follow() {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.over:
			return
		case <-tick.C:
		}
		dir, ok := l.process.CgroupDir(l.controller)
		l.mu.Lock()
		if ok && dir != l.dir {
			l.earlier.met, l.earlier.killed = l.earlier.met+l.now.met, l.earlier.killed+l.now.killed
			if err := l.lower(dir); err != nil && !vanished(dir) {
				l.err = err
			}
		} else {
			l.look()
		}
		l.mu.Unlock()
	}
}

// lower writes the limit, and reads back that it stands.
func (l *limited) lower(dir string) error {
	l.dir, l.before, l.now = dir, nil, counts{}
	for _, v := range l.versions {
		if _, err := os.Stat(filepath.Join(dir, v.settings[0].file)); err != nil {
			continue
		}
		l.of = v
		l.base = counts{v.met.read(dir), v.killed.read(dir)}
		for _, s := range v.settings {
			was, err := readSetting(dir, s.file)
			switch {
			case err != nil && s.optional:
				continue
			case err != nil:
				return errors.Join(err, l.restore())
			case !s.switched && least(was) < least(s.value): // it has less as it is
				continue
			}
			l.before = append(l.before, setting{file: s.file, value: was})
			if err := s.write(dir); err != nil {
				return errors.Join(l.refused(err), l.restore())
			}
		}
		return nil
	}
	return fmt.Errorf("%s has no limit of %s: %w", dir, l.controller, ErrNoGroup)
}

// refused explains why the kernel did not take a limit.
func (l *limited) refused(err error) error {
	usage, unread := readSetting(l.dir, "memory.usage_in_bytes")
	if !errors.Is(err, syscall.EBUSY) || unread != nil {
		return err
	}
	return fmt.Errorf("its processes hold %s, and cgroups of version 1 take back nothing that is in use: %w", result.Bytes(least(usage)), syscall.EBUSY)
}

// restore writes back what stood there, the newest first. A group that is gone has no
// limit.
func (l *limited) restore() error {
	var errs []error
	for i := len(l.before) - 1; i >= 0; i-- {
		if err := l.before[i].write(l.dir); err != nil && !vanished(l.dir) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
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
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !undone {
		l.look()
	}
	if err := l.restore(); err != nil {
		return fmt.Errorf("undo the limit: %w", err)
	}
	l.before = nil
	return nil
}

// Receipt implements [Applied].
func (l *limited) Receipt() fault.Receipt {
	l.mu.Lock()
	defer l.mu.Unlock()
	met, killed := l.earlier.met+l.now.met, l.earlier.killed+l.now.killed
	if dead := l.ended() - l.dead; dead > killed {
		met, killed = met+dead-killed, dead
	}
	r := fault.Receipt{Fired: max(met, killed), Touched: 1, Declared: l.declared, Measured: fmt.Sprintf("met %d times", max(met, killed)), Err: l.err}
	if killed > 0 {
		r.Measured += fmt.Sprintf("; the kernel killed %d for memory", killed)
	}
	return r
}

// ended is how many lives the kernel has ended for want of memory: their counters are
// gone before anybody can read them.
func (l *limited) ended() (n int64) {
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

// look counts what the limit did in the group of now, as long as that is there.
func (l *limited) look() {
	now := counts{l.of.met.read(l.dir) - l.base.met, l.of.killed.read(l.dir) - l.base.killed}
	if now.met >= l.now.met && now.killed >= l.now.killed && !vanished(l.dir) {
		l.now = now
	}
}
