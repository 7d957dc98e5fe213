package chaos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdfast.dev/holdfast/fault"
)

// ErrNoGroup is what a limit meets where the process runs in no cgroup of its own.
var ErrNoGroup = errors.New("this machine lets the process have no cgroup of its own")

// quotaPeriod is that in which a share of the processors is handed out, in µs: the
// kernel's own default.
const quotaPeriod = 100_000

// setting is one file of a cgroup and what is written there.
type setting struct{ file, value string }

// limits are the settings of both versions for a kind, and how what they did is
// counted. The first version whose first file there is is taken.
type limits struct {
	controller string
	versions   [2][]setting
	// counters are files and the field of each that counts, one for each version; a
	// file that is a number alone has no field.
	counters [2]setting
	kills    [2]setting
	declared string
}

// limitsOf are those of [fault.Starve] and [fault.Squeeze].
func limitsOf(kind fault.Kind) limits {
	switch k := kind.(type) {
	case fault.Starve:
		quota := strconv.Itoa(int(math.Round(k.CPUs * quotaPeriod)))
		period := strconv.Itoa(quotaPeriod)
		return limits{
			controller: "cpu", declared: fmt.Sprintf("no more than %g of a processor's time", k.CPUs),
			versions: [2][]setting{{{"cpu.max", quota + " " + period}}, {{"cpu.cfs_quota_us", quota}}},
			counters: [2]setting{{"cpu.stat", "nr_throttled"}, {"cpu.stat", "nr_throttled"}},
		}
	case fault.Squeeze:
		bytes := strconv.FormatInt(int64(k.Bytes), 10)
		return limits{
			controller: "memory", declared: "no more than " + k.Bytes.String() + " of memory",
			versions: [2][]setting{{{"memory.max", bytes}}, {{"memory.limit_in_bytes", bytes}}},
			counters: [2]setting{{"memory.events", "max"}, {"memory.failcnt", ""}},
			kills:    [2]setting{{"memory.events", "oom_kill"}, {"memory.oom_control", "oom_kill"}},
		}
	}
	return limits{}
}

// limit carries out [fault.Starve] and [fault.Squeeze].
func limit(_ context.Context, s *Signals, f fault.Fault, _ identity) (Applied, error) {
	dir, ok := s.group(limitsOf(f.Kind).controller)
	if !ok {
		return nil, fmt.Errorf("%q: %w", f.Kind, ErrNoGroup)
	}
	l := &limited{limits: limitsOf(f.Kind), group: s.group, over: make(chan struct{})}
	if err := l.lower(dir); err != nil {
		return nil, fmt.Errorf("%q: %w", f.Kind, err)
	}
	l.following.Go(l.follow)
	return l, nil
}

// limited is such a fault in force.
type limited struct {
	limits
	group     Group
	over      chan struct{} // closed when it is being undone
	following sync.WaitGroup

	mu      sync.Mutex // guards all below
	dir     string
	version int
	before  []setting // what stood there
	counted int64     // the counters when it began there
	killed  int64
	seen    fault.Receipt // in the group of now, as last looked at
	earlier fault.Receipt // in those of lives that are over
	undone  bool
	err     error // a later life could not be limited
}

// followEvery is how often the group is looked at: that of a process which the kernel
// kills for memory is there no longer than that takes.
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
		dir, ok := l.group(l.controller)
		l.mu.Lock()
		if ok && dir != l.dir {
			l.earlier, l.seen = together(l.earlier, l.seen), fault.Receipt{}
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
	l.dir, l.before = dir, nil
	for version, settings := range l.versions {
		if _, err := os.Stat(filepath.Join(dir, settings[0].file)); err != nil {
			continue
		}
		l.version = version
		l.counted, l.killed = l.count(l.counters), l.count(l.kills)
		for _, s := range settings {
			was, err := readSetting(dir, s.file)
			if err != nil {
				return err
			}
			if least(was) < least(s.value) { // it has less as it is
				s.value = was
			}
			l.before = append(l.before, setting{s.file, was})
			if err := write(dir, s); err != nil {
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
	if l.controller != "memory" || unread != nil {
		return err
	}
	return fmt.Errorf("the processes hold %s bytes, and the kernel (cgroups of version 1) does not take back what is in use: %w", usage, err)
}

// restore writes back what stood there, the newest first. A group that is gone has no
// limit.
func (l *limited) restore() error {
	var errs []error
	for i := len(l.before) - 1; i >= 0; i-- {
		if err := write(l.dir, l.before[i]); err != nil && !vanished(l.dir) {
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
	l.look()
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
	if len(l.before) > 0 {
		l.look()
	}
	r := together(l.earlier, l.seen)
	r.Declared, r.Touched, r.Err = l.declared, 1, l.err
	return r
}

// look counts what the limit did in the group of now, as long as that is there.
func (l *limited) look() {
	if len(l.before) == 0 || vanished(l.dir) {
		return
	}
	n, killed := l.count(l.counters)-l.counted, l.count(l.kills)-l.killed
	if n < 0 || killed < 0 || n < l.seen.Fired && killed == 0 {
		return // it vanished meanwhile
	}
	l.seen = fault.Receipt{Fired: max(n, killed), Measured: fmt.Sprintf("met %d times", n)}
	if killed > 0 {
		l.seen.Measured += fmt.Sprintf("; the kernel killed %d for memory", killed)
	}
}

// count reads a counter of the version at hand; 0 where there is none.
func (l *limited) count(of [2]setting) int64 {
	c := of[l.version]
	if c.file == "" {
		return 0
	}
	text, err := os.ReadFile(filepath.Join(l.dir, c.file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if c.value == "" {
			value = name
		} else if name != c.value {
			continue
		}
		n, _ := strconv.ParseInt(value, 10, 64) // the kernel's own number
		return n
	}
	return 0
}

// readSetting reads what stands in a file of a group.
func readSetting(dir, file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return "", fmt.Errorf("read the cgroup: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// write writes a setting and reads back that it stands there.
func write(dir string, s setting) error {
	if err := os.WriteFile(filepath.Join(dir, s.file), []byte(s.value), 0o644); err != nil {
		return fmt.Errorf("limit the cgroup: %w", err)
	}
	now, err := readSetting(dir, s.file)
	if err != nil {
		return err
	}
	if math.Abs(least(now)-least(s.value)) > float64(os.Getpagesize()) { // memory comes in pages
		return fmt.Errorf("limit the cgroup: %s is %s, not %s", s.file, now, s.value)
	}
	return nil
}

// least is the number that a limit begins with; none is above all.
func least(text string) float64 {
	first, _, _ := strings.Cut(text, " ")
	n, err := strconv.ParseFloat(first, 64)
	if err != nil || n < 0 {
		return math.MaxInt64
	}
	return n
}

// vanished reports whether a group is gone.
func vanished(dir string) bool {
	_, err := os.Stat(dir)
	return errors.Is(err, fs.ErrNotExist)
}
