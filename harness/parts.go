package harness

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/nearest"
)

// Part is one process of a target of several, as far as a scenario knows it. Its name
// is the place of its faults and begins the names of what is measured of it: web,
// web.rss. Of several replicas each is a place of its own, worker.1, worker.2; the
// name alone then is all of them, and what is measured under it is their sum.
type Part struct {
	Name     string
	Replicas int // Defaults to 1.
}

// slot is one running program of the target: the target itself, one of its
// instances, or a replica of one of its processes.
type slot struct {
	place string // of its faults, and the first part of its metrics
	part  string // the process; empty where the target is one program
	n     int    // which of several, from 1; 0 where there is one alone
}

// group is what is asked of, or measured of, several programs at once.
type group struct {
	place string
	slots []int // by their numbers in slots
}

// slots are the programs of which the target consists, in the order of Parts.
func (s Scenario) slots() []slot {
	var all []slot
	if len(s.Parts) == 0 {
		for n := range s.instances() {
			one := slot{place: OnInstance(n + 1)}
			if s.instances() > 1 {
				one.n = n + 1
			}
			all = append(all, one)
		}
		return all
	}
	for _, p := range s.Parts {
		if p.replicas() == 1 {
			all = append(all, slot{place: p.Name, part: p.Name})
			continue
		}
		for n := range p.replicas() {
			all = append(all, slot{place: OnReplica(p.Name, n+1), part: p.Name, n: n + 1})
		}
	}
	return all
}

// groups are the places that are several programs: a process of several replicas, and
// the whole target of several processes.
func (s Scenario) groups() []group {
	if len(s.Parts) == 0 {
		return nil
	}
	var all []group
	whole := group{place: OnTarget}
	for i, one := range s.slots() {
		whole.slots = append(whole.slots, i)
		if one.n == 0 {
			continue
		}
		if one.n == 1 {
			all = append(all, group{place: one.part})
		}
		all[len(all)-1].slots = append(all[len(all)-1].slots, i)
	}
	return append(all, whole)
}

// replicas are at least one, and no more than there may be: what is too much is refused
// by name, and not counted to.
func (p Part) replicas() int { return min(max(1, p.Replicas), maxReplicas) }

// OnReplica is the place of the faults of one replica of a process, counted from 1.
// It is for processes of several: one alone has the name of its process.
func OnReplica(process string, n int) string { return process + "." + strconv.Itoa(n) }

// slotsAt are the programs that a fault is for, by their numbers; none where its place
// is no program.
func (s Scenario) slotsAt(f Fault) []int {
	for i, one := range s.slots() {
		if one.place == f.On {
			return []int{i}
		}
	}
	for _, g := range s.groups() {
		if g.place == f.On && f.Instances > 0 {
			return g.slots[:min(f.Instances, len(g.slots))]
		}
		if g.place == f.On {
			return g.slots
		}
	}
	return nil
}

// programs are the names of all places that are programs.
func (s Scenario) programs() []string {
	var all []string
	for _, one := range s.slots() {
		all = append(all, one.place)
	}
	for _, g := range s.groups() {
		all = append(all, g.place)
	}
	return all
}

// maxReplicas bounds the replicas of one process.
const maxReplicas = 16

// partName is what a process may be called: a name stands in metrics and in texts
// with placeholders.
var partName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// takenNames begin the names of what is measured beside the processes.
var takenNames = []string{OnDatabase, OnPostgres, OnTarget, "db", "harness", "machine", "ledger", "drain", "own", "secrets", "parameters", "ports"}

// validateParts reports names that are none, or are there twice.
func (s Scenario) validateParts(p *problems) {
	seen := map[string]bool{}
	for _, part := range s.Parts {
		switch {
		case !partName.MatchString(part.Name):
			p.say("%q is no name of a process: it begins with a letter, and letters, digits, - and _ follow", part.Name)
		case slices.Contains(takenNames, part.Name):
			p.say("a process cannot be called %q: that name has another meaning", part.Name)
		case seen[part.Name]:
			p.say("two processes are named %q", part.Name)
		case part.Replicas < 0 || part.Replicas > maxReplicas:
			p.say("there are between 1 and %d replicas of %s, not %d", maxReplicas, part.Name, part.Replicas)
		}
		seen[part.Name] = true
	}
	for _, stream := range s.Load {
		switch {
		case stream.To == "" || seen[stream.To]:
		case len(s.Parts) == 0:
			p.say("stream %s goes to %q, and the target is one program", stream.Name, stream.To)
		default:
			p.say("stream %s goes to %q, which is no process of the target%s", stream.Name, stream.To, nearest.Hint(stream.To, slices.Sorted(maps.Keys(seen))))
		}
	}
	if len(s.Parts) > 0 && s.Instances > 1 {
		p.say("a target of several processes has replicas of each, not %d instances", s.Instances)
	}
}

// validateInstances reports faults that are for more programs than their place has.
func (s Scenario) validateInstances(p *problems, f Fault) {
	if f.Instances == 0 {
		return
	}
	all := f
	all.Instances = 0
	switch n := len(s.slotsAt(all)); {
	case f.Instances < 0:
		p.say("fault %q: it is for %d instances", f.ID, f.Instances)
	case n == 0 && !slices.Contains(s.programs(), f.On):
		p.say("fault %q: instances are those of a process; %s is none", f.ID, f.On)
	case f.Instances > n:
		p.say("fault %q: there are %d of %s, not %d", f.ID, n, f.On, f.Instances)
	}
}

// place is where the fault acts, as the result names it.
func (f Fault) place() string {
	if f.Instances == 0 {
		return f.On
	}
	return fmt.Sprintf("%s (%d of its instances)", f.On, f.Instances)
}

// nameOf is how a program is called in a sentence: the target, worker.2.
func (s slot) nameOf() string {
	if s.part == "" {
		return "the " + s.place
	}
	return s.place
}

// validateTogether reports faults that exclude each other and meet at a program which
// both of their places have.
func (s Scenario) validateTogether(p *problems) {
	support := chaos.ProcessSupport()
	for i, b := range s.Faults {
		for _, a := range s.Faults[:i] {
			if a.Kind == nil || b.Kind == nil || a.place() == b.place() || !s.meet(a, b) {
				continue // who is at one place is held against each other with the plan
			}
			if err := support.Conflict(a.Kind, b.Kind); err != nil {
				p.say("faults %q and %q: %w", a.ID, b.ID, err)
			}
		}
	}
}

// meet reports whether two faults are ever on at one program at the same time.
func (s Scenario) meet(a, b Fault) bool {
	fromA, toA := s.timeOf(a)
	fromB, toB := s.timeOf(b)
	if fromA >= toB || fromB >= toA {
		return false
	}
	return slices.ContainsFunc(s.slotsAt(a), func(i int) bool { return slices.Contains(s.slotsAt(b), i) })
}

// timeOf is when a fault is on; what happens once takes no time.
func (s Scenario) timeOf(f Fault) (from, to time.Duration) {
	if from, to = f.window(s.Timeline); fault.IsOneShot(f.Kind) {
		to = from + 1
	}
	return from, to
}

// isOf reports whether a life was one of a place's programs.
func (s Scenario) isOf(e result.End, place string) bool {
	slots := s.slots()
	for _, i := range s.slotsAt(Fault{On: place}) {
		if slots[i].part == e.Process && slots[i].n == e.Instance {
			return true
		}
	}
	return false
}
