package witness

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
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
	seriesWritten = "disk.foreign"
	seriesMemory  = "memory.own"

	processesEvery = 500 * time.Millisecond
)

// Run says which processes are the run's own: this one and all that it started,
// and those it can be told by.
type Run struct {
	// Target is the target's process, false where it does not run here. All that
	// it started is the target's, too.
	Target probe.PID
	// Others are further instances of the target.
	Others []probe.PID
	// Company are the experiments that go on beside this one, asked anew each time:
	// what their targets and databases use is the run's own, too. Optional.
	Company func() []Run
	// Database is the name of the run's database: a server process that works on
	// it carries the name in its title, whoever started it. Empty: there is none.
	Database string
}

// Processes tells the run's own use of the processors from that of all others:
// machine.own is the share of the machine that the harness, the target and the
// database used, machine.target that of the target and the database alone, and
// machine.foreign that of everybody else. disk.foreign is the share of what was
// written to disks that everybody else wrote, memory.own the share of the memory
// that the run's own processes hold.
func Processes(r Run) probe.Probe {
	return &processes{run: r, known: map[life]owner{}}
}

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
	server life           // the parent of the database's processes, when one was seen
	before usage
}

// usage is who had used how much by some moment.
type usage struct {
	busy, all    time.Duration // of all processors, and with the time that they were idle
	own          map[life]mine
	others       map[life]proc // who is none of them; nil where not all processes can be seen
	server       time.Duration // what the database's server and those of its children that are gone had used
	clients      map[life]proc // of the same server's processes, all that are not the run's
	written      int64         // bytes, to all disks
	memory, held int64         // all that there is, and what the run's own processes hold
}

// mine is one of the run's own processes: what it had used and had had written.
type mine struct {
	used    time.Duration
	written int64
	parent  life
	theirs  bool // it is the target's or the database's
}

func (m mine) hasUsed() time.Duration { return m.used }
func (m mine) hasWritten() int64      { return m.written }

// theyUsed is what it had used if it is theirs.
func (m mine) theyUsed() time.Duration {
	if !m.theirs {
		return 0
	}
	return m.used
}

func (*processes) Name() string         { return "processes" }
func (*processes) Every() time.Duration { return processesEvery }
func (*processes) Series() []probe.Series {
	return []probe.Series{
		{Name: seriesOwn, Unit: result.UnitRatio},
		{Name: seriesTarget, Unit: result.UnitRatio},
		{Name: seriesForeign, Unit: result.UnitRatio},
		{Name: seriesWritten, Unit: result.UnitRatio},
		{Name: seriesMemory, Unit: result.UnitRatio},
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
		return slices.Repeat([]float64{math.NaN()}, len(p.Series())), nil
	}
	own, theirs := p.grown(before, now)
	written := now.written - before.written
	return []float64{
		share(own, all), share(theirs, all), share(foreign(before, now, own), all),
		share(written-added(before.own, now.own, mine.hasWritten), written), share(now.held, now.memory),
	}, nil
}

// foreign is what everybody else used between two moments, of which the run used so much.
// Where all processes can be seen it is what they say. Elsewhere it is what is left of the
// processors' time, which the kernel counts in ticks: of half a second that is a tenth
// more or less than it was.
func foreign(before, now usage, own time.Duration) time.Duration {
	if before.others == nil || now.others == nil {
		return now.busy - before.busy - own
	}
	used := added(before.others, now.others, proc.hasUsed) - orphaned(before, now)
	if serves(before, now) {
		used -= now.server - before.server
	}
	return used
}

// orphaned is what those of the run had used that ended after their parents, as far as
// somebody else, init as a rule, has waited for them.
func orphaned(before, now usage) time.Duration {
	var used, adopted time.Duration
	for l, one := range before.own {
		_, there := now.own[l]
		if _, cared := now.own[one.parent]; !there && !cared {
			used += one.used
		}
	}
	for l, one := range now.others {
		if had, there := before.others[l]; there {
			adopted += one.waited - had.waited
		}
	}
	return min(used, adopted)
}

// share is a part of a whole, 0..1; not a number where there is nothing.
func share[N time.Duration | int64](part, all N) float64 {
	if all <= 0 {
		return math.NaN()
	}
	return min(1, max(0, float64(part)/float64(all)))
}

// look reads what was used until now, and whose each process is.
func (p *processes) look() (u usage, err error) {
	if u.busy, _, u.all, err = processors(); err != nil {
		return u, err
	}
	all, err := procs()
	if err != nil {
		return u, err
	}
	u.own = map[life]mine{}
	u.written, u.memory = 1024*numberIn("/proc/vmstat", "pgpgout "), 1024*numberIn("/proc/meminfo", "MemTotal:")
	if complete(all) {
		u.others = map[life]proc{}
	}
	known, ownerOf := map[life]owner{}, p.run.owners(all)
	for _, one := range all {
		whose := max(p.known[one.life()], ownerOf(one))
		if whose == nobody {
			if u.others != nil {
				u.others[one.life()] = one
			}
			continue
		}
		known[one.life()] = whose
		u.own[one.life()] = mine{used: one.used, written: one.written(), parent: all[one.parent].life(), theirs: whose != harness}
		u.held += one.memory
	}
	p.known = known
	p.lookAtServer(all, &u)
	return u, nil
}

// lookAtServer reads what the server of the run's database had used. What a connection
// cost that has ended is in its figure: all of it, where each question has its own.
func (p *processes) lookAtServer(all map[int32]proc, u *usage) {
	for _, one := range all {
		if parent := all[one.parent]; isPostgres(one) && isPostgres(parent) && p.known[one.life()] != nobody {
			p.server = parent.life()
		}
	}
	server, there := all[p.server.pid]
	if !there || server.life() != p.server || p.known[p.server] != nobody {
		return
	}
	u.server, u.clients = server.used, map[life]proc{}
	for _, one := range all {
		if one.parent == server.pid && p.known[one.life()] == nobody {
			u.clients[one.life()] = one
		}
	}
}

// grown is what the run, and of it target and database, used between two moments.
func (p *processes) grown(before, now usage) (own, theirs time.Duration) {
	had, have := before.own, now.own
	if serves(before, now) {
		had, have = maps.Clone(had), maps.Clone(have)
		had[p.server], have[p.server] = mine{used: before.server, theirs: true}, mine{used: now.server, theirs: true}
	}
	return added(had, have, mine.hasUsed), added(had, have, mine.theyUsed)
}

// serves reports whether what the server has used since then is the run's: nobody else's
// connection has had it work meanwhile.
func serves(before, now usage) bool {
	if now.clients == nil || before.clients == nil {
		return false
	}
	for l, one := range now.clients {
		if one.used > before.clients[l].used && isClient(one.title) {
			return false
		}
	}
	return true
}

// isClient reports whether a process of a Postgres with that title serves somebody, and is
// none of those that are always there.
func isClient(title string) bool {
	return strings.Contains(title, "[local]") || strings.Contains(title, ")")
}

// owners returns what says whose a process is, as far as that can be told now.
func (r Run) owners(all map[int32]proc) func(proc) owner {
	mine, self := r.now(), int32(os.Getpid())
	var others []side
	if r.Company != nil {
		for _, other := range r.Company() {
			others = append(others, other.now())
		}
	}
	return func(one proc) owner {
		if mine.targets(all, one) {
			return target
		}
		if slices.ContainsFunc(others, func(s side) bool { return s.targets(all, one) || s.serves(one) }) {
			return harness
		}
		switch ours := descends(all, one.pid, self); {
		case isPostgres(one) && ours, mine.serves(one):
			return database
		case ours:
			return harness
		}
		return nobody
	}
}

// side is what an experiment's processes can be told by at some moment.
type side struct {
	instances []int32 // of its target, that run
	database  string
}

func (r Run) now() side {
	s := side{database: r.Database}
	for _, instance := range append([]probe.PID{r.Target}, r.Others...) {
		if pid, running := instance(); running {
			s.instances = append(s.instances, pid)
		}
	}
	return s
}

// targets reports whether a process is of the experiment's target.
func (s side) targets(all map[int32]proc, one proc) bool {
	return slices.ContainsFunc(s.instances, func(pid int32) bool { return descends(all, one.pid, pid) })
}

// serves reports whether it is a process of some Postgres that says in its title that it
// works on the experiment's database.
func (s side) serves(one proc) bool {
	return s.database != "" && strings.Contains(one.title, " "+s.database+" ")
}

func isPostgres(p proc) bool { return p.name == "postgres" }

// added is what some processes used of something between two moments. What one that has
// ended had used is by then in the figure of the one that waited for it, so the whole
// goes on growing. Where it shrank, one ended that nobody of them waited for, and
// what the others used is all that is known.
func added[P any, N time.Duration | int64](before, now map[life]P, of func(P) N) N {
	var whole, others N
	for l, one := range now {
		whole += of(one)
		others += of(one) - of(before[l])
	}
	for _, one := range before {
		whole -= of(one)
	}
	if whole < 0 {
		return others
	}
	return whole
}

// processors is for how long all processors were busy, idle (also for a disk's sake), and
// there, since the machine was started. What was stolen is neither of the first two.
func processors() (busy, idle, all time.Duration, err error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, 0, fmt.Errorf("read the processors' times: %w", err)
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, field := range strings.Fields(line) {
		if i == 0 || i > 8 { // the word cpu; guest time is part of user time
			continue
		}
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, 0, fmt.Errorf("read the processors' times: %w", err)
		}
		spent := time.Duration(n) * tick
		all += spent
		switch i {
		case 4, 5:
			idle += spent
		case 8: // stolen
		default:
			busy += spent
		}
	}
	return busy, idle, all, nil
}

// Idle returns a function that tells which share of the processors' time, 0 to 1, was idle
// since it was called before, or made: not a number where that is not known.
func Idle() func() float64 {
	_, idle, all, _ := processors() // zeros where they cannot be read
	return func() float64 {
		_, idleNow, allNow, _ := processors()
		since, of := idleNow-idle, allNow-all
		idle, all = idleNow, allNow
		return share(since, of)
	}
}
