package witness

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness/probe"
	"holdfast.dev/holdfast/harness/result"
)

// The series of who uses the processors, each a share of all that there are.
const (
	seriesOwn     = "machine.own"
	seriesTarget  = "machine.target"
	seriesForeign = "machine.foreign"

	processesEvery = 500 * time.Millisecond
)

// Run says which processes are the run's own: this one and all that it started,
// and those it can be told by.
type Run struct {
	// Target is the target's process, false where it does not run here. All that
	// it started is the target's, too.
	Target probe.PID
	// Database is the name of the run's database: a server process that works on
	// it carries the name in its title, whoever started it. Empty: there is none.
	Database string
}

// Processes tells the run's own use of the processors from that of all others:
// machine.own is the share of the machine that the harness, the target and the
// database used, machine.target that of the target and the database alone, and
// machine.foreign that of everybody else.
func Processes(r Run) probe.Probe { return &processes{run: r, known: map[life]owner{}} }

// owner is whose a process is.
type owner int

const (
	nobody   owner = iota
	harness        // this process, and what it started beside the others
	target         // the target and what it started
	database       // the database as far as it serves this run
)

type processes struct {
	run    Run
	known  map[life]owner // once the run's, always the run's: also when its parent has ended
	before usage
}

// usage is who had used how much by some moment.
type usage struct {
	busy, all   time.Duration // of all processors, and with the time that they were idle
	own, theirs map[life]time.Duration
}

func (*processes) Name() string         { return "processes" }
func (*processes) Every() time.Duration { return processesEvery }
func (*processes) Series() []probe.Series {
	return []probe.Series{
		{Name: seriesOwn, Unit: result.UnitRatio},
		{Name: seriesTarget, Unit: result.UnitRatio},
		{Name: seriesForeign, Unit: result.UnitRatio},
	}
}

func (p *processes) Sample(context.Context) ([]float64, error) {
	now, err := p.look()
	if err != nil {
		return nil, err
	}
	before := p.before
	p.before = now
	all := now.all - before.all
	if before.all == 0 || all <= 0 {
		return []float64{math.NaN(), math.NaN(), math.NaN()}, nil
	}
	own, theirs := added(before.own, now.own), added(before.theirs, now.theirs)
	share := func(d time.Duration) float64 { return min(1, max(0, float64(d)/float64(all))) }
	return []float64{share(own), share(theirs), share(now.busy - before.busy - own)}, nil
}

// look reads what was used until now, and whose each process is.
func (p *processes) look() (u usage, err error) {
	if u.busy, u.all, err = processors(); err != nil {
		return u, err
	}
	all, err := procs()
	if err != nil {
		return u, err
	}
	u.own, u.theirs = map[life]time.Duration{}, map[life]time.Duration{}
	known := map[life]owner{}
	for _, one := range all {
		whose := max(p.known[one.life()], p.run.ownerOf(all, one))
		if whose == nobody {
			continue
		}
		known[one.life()] = whose
		u.own[one.life()] = one.used
		if whose != harness {
			u.theirs[one.life()] = one.used
		}
	}
	p.known = known
	return u, nil
}

// ownerOf says whose a process is, as far as that can be told now.
func (r Run) ownerOf(all map[int32]proc, one proc) owner {
	if pid, running := r.Target(); running && descends(all, one.pid, pid) {
		return target
	}
	switch ours := descends(all, one.pid, int32(os.Getpid())); {
	case isPostgres(one) && (ours || r.serves(one)):
		return database
	case ours:
		return harness
	}
	return nobody
}

func isPostgres(p proc) bool { return p.name == "postgres" }

// serves reports whether a process of some Postgres says in its title that it
// works on the run's database.
func (r Run) serves(one proc) bool {
	if r.Database == "" {
		return false
	}
	title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", one.pid))
	return err == nil && bytes.Contains(title, []byte(" "+r.Database+" "))
}

// added is what some processes used between two moments. What one that has ended
// had used is by then in the figure of the one that waited for it, so the whole
// goes on growing. Where it shrank, one ended that nobody of them waited for, and
// what the others used is all that is known.
func added(before, now map[life]time.Duration) time.Duration {
	var whole, others time.Duration
	for l, used := range now {
		whole += used
		others += used - before[l]
	}
	for _, used := range before {
		whole -= used
	}
	if whole < 0 {
		return others
	}
	return whole
}

// processors is for how long all processors were busy, and there, since the
// machine was started.
func processors() (busy, all time.Duration, err error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, fmt.Errorf("read the processors' times: %w", err)
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, field := range strings.Fields(line) {
		if i == 0 || i > 8 { // the word cpu; guest time is part of user time
			continue
		}
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("read the processors' times: %w", err)
		}
		spent := time.Duration(n) * tick
		all += spent
		if idle := i == 4 || i == 5; !idle && i != 8 { // idle, waiting for a disk; stolen
			busy += spent
		}
	}
	return busy, all, nil
}
