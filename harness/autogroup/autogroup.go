// Package autogroup keeps Linux's autogroups from starving a run.
//
// Where it has them, and no control group shares out the processors, the kernel
// gives each session (in the sense of setsid) an equal part of them. Each backend of
// Postgres makes a session of its own: ten that are at work have ten parts, and the
// harness has one, together with its fakes and every target that it started, as they
// would have it in no production. Requests are sent late then, and answers come late.
//
// [Raise] gives the session of this process the weight of nine for as long as a run
// lasts. That takes a right that root has and others mostly have not; [Starving] says
// whether it is wanting.
package autogroup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"holdfast.dev/holdfast/harness/undo"
)

// raised is the nice value of a raised group: 9.3 times the weight of one at 0, about
// as much as the threads that a run has at work would have without groups.
const raised = -10

// stepRaised is the kind of what the undo journal holds.
const stepRaised = "raised session"

// proc is where the kernel tells of processes: /proc, or what a test has made.
type proc string

// kernel is that of this machine.
const kernel proc = "/proc"

// Raise raises the autogroup of this process's session, and returns how to undo that.
// It leaves alone one whose nice value somebody has chosen, another run among them. Where
// there are no autogroups, or this process may not raise any, nothing is done. The error is that
// of the journal.
func Raise(journal *undo.Journal) (lower func() error, err error) { return kernel.raise(journal) }

func (p proc) raise(journal *undo.Journal) (lower func() error, err error) {
	lower = func() error { return nil }
	ours, untouched := p.untouched()
	if !untouched || !p.mayRaise() {
		return lower, nil
	}
	step, err := journal.Plan(stepRaised, map[string]string{"group": ours.name, "boot": p.boot()})
	if err != nil {
		return lower, err
	}
	if p.set("self", raised) != nil {
		return lower, journal.Done(step)
	}
	return func() error { return errors.Join(p.lower("self", ours.name), journal.Done(step)) }, nil
}

// Undoers is how to lower what a run that was killed has raised.
func Undoers() map[string]undo.Func {
	return map[string]undo.Func{stepRaised: func(_ context.Context, args map[string]string) error { return kernel.lowerWherever(args) }}
}

// lowerWherever lowers a group by any process that is in it. One without processes is
// gone; the number of a group is given once between two starts of the machine.
func (p proc) lowerWherever(args map[string]string) error {
	if args["boot"] != p.boot() {
		return nil
	}
	all, err := os.ReadDir(string(p))
	if err != nil {
		return fmt.Errorf("look for autogroup %s: %w", args["group"], err)
	}
	for _, process := range all {
		if there, ok := p.group(process.Name()); ok && there.name == args["group"] {
			return p.lower(process.Name(), there.name)
		}
	}
	return nil
}

// Starving reports whether the kernel shares out the processors by session, and this process
// may not raise its own: whether each backend of Postgres has as much of them as
// the harness with all its targets.
func Starving() bool { return kernel.starving() }

func (p proc) starving() bool {
	_, untouched := p.untouched()
	return untouched && p.inEffect() && !p.mayRaise()
}

// untouched is the group of this process, if the kernel makes any and nobody has chosen
// its weight.
func (p proc) untouched() (group, bool) {
	ours, ok := p.group("self")
	return ours, ok && ours.nice == 0 && p.enabled()
}

// inEffect reports whether autogroups are what shares out the processors: whether this
// process is in no control group that does.
func (p proc) inEffect() bool {
	text, err := os.ReadFile(p.path("self", "cgroup"))
	if err != nil {
		return false
	}
	effect := false
	for line := range strings.Lines(string(text)) { // 1:cpu,cpuacct:/ or, of the second version, 0::/
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		if slices.Contains(strings.Split(parts[1], ","), "cpu") {
			return parts[2] == "/"
		}
		if parts[1] == "" {
			effect = parts[2] == "/" && !p.contained()
		}
	}
	return effect
}

// contained reports whether the root of the control groups that is seen from here is none:
// the true one has no limit.
func (p proc) contained() bool {
	_, err := os.Stat(p.path("self", "root", "sys", "fs", "cgroup", "cpu.max"))
	return err == nil
}

// mayRaise reports whether this process has the right to, by its capabilities or its limits.
func (p proc) mayRaise() bool {
	const sysNice = 23 // CAP_SYS_NICE
	status, limits := p.line("self", "status"), p.line("self", "limits")
	if _, after, ok := strings.Cut(status, "CapEff:"); ok {
		if words := strings.Fields(after); len(words) > 0 {
			if set, err := strconv.ParseUint(words[0], 16, 64); err == nil && set>>sysNice&1 == 1 {
				return true
			}
		}
	}
	_, after, _ := strings.Cut(limits, "Max nice priority")
	words := strings.Fields(after)
	if len(words) == 0 {
		return false
	}
	most, err := strconv.Atoi(words[0])
	return words[0] == "unlimited" || err == nil && most >= 20-raised
}

// group is one of them.
type group struct {
	name string // for example /autogroup-17
	nice int
}

// group is that of a process.
func (p proc) group(process string) (group, bool) {
	text, err := os.ReadFile(p.path(process, "autogroup"))
	if err != nil {
		return group{}, false
	}
	var g group
	n, _ := fmt.Sscanf(string(text), "%s nice %d", &g.name, &g.nice)
	return g, n == 2
}

// lower gives a group that we raised its weight back, if this is the group.
func (p proc) lower(process, name string) error {
	if g, ok := p.group(process); !ok || g != (group{name, raised}) {
		return nil
	}
	if err := p.set(process, 0); err != nil {
		return fmt.Errorf("lower autogroup %s: %w", name, err)
	}
	return nil
}

func (p proc) set(process string, nice int) error {
	f, err := os.OpenFile(p.path(process, "autogroup"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d", nice)
	return errors.Join(err, f.Close())
}

// enabled reports whether the kernel makes autogroups.
func (p proc) enabled() bool {
	return p.line("sys", "kernel", "sched_autogroup_enabled") == "1"
}

// boot tells one start of the machine from another.
func (p proc) boot() string { return p.line("sys", "kernel", "random", "boot_id") }

// line is what a file says; empty where there is none.
func (p proc) line(parts ...string) string {
	text, _ := os.ReadFile(p.path(parts...))
	return strings.TrimSpace(string(text))
}

func (p proc) path(parts ...string) string {
	return filepath.Join(append([]string{string(p)}, parts...)...)
}
