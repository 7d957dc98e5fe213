// Package kin finds the processes that belong to one: what it has forked, and they
// have, also where they have left its process group or lost their parent.
//
// Enter at [InGroup], where all of them run in a cgroup of their own, and at
// [Related], where they do not. Off Linux a process is known alone.
package kin

import (
	"cmp"
	"slices"
)

// Process is one that was seen.
type Process struct {
	PID, Parent, Group, Session int32
	// Start is when it began, in ticks since the machine did: with it an id that was
	// given to another process is told.
	Start uint64
}

// Workers are the children of the first process, from root down, that has several
// among members; where none has, the last one of the line. So a shell or another
// wrapper before a master that forks is passed over. Oldest first.
func Workers(root int32, members []Process) []Process {
	of := map[int32][]Process{}
	for _, p := range members {
		if p.PID != root {
			of[p.Parent] = append(of[p.Parent], p)
		}
	}
	var line []Process
	for seen := map[int32]bool{}; len(of[root]) == 1 && !seen[root]; {
		seen[root] = true
		line = of[root]
		root = line[0].PID
	}
	if len(of[root]) > 1 {
		line = of[root]
	}
	return Oldest(line)
}

// Oldest sorts processes by their age, the oldest first.
func Oldest(all []Process) []Process {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Process) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.PID, b.PID))
	})
	return all
}
