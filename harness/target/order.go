package target

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdfast.dev/holdfast/nearest"
)

// ValidateProcesses reports all that is wrong with the processes of a service: with
// each, and with their names and dependencies on each other.
func ValidateProcesses(all []Process) error {
	var errs []error
	var names []string
	for _, p := range all {
		errs = append(errs, p.Validate())
		if slices.Contains(names, p.Name) {
			errs = append(errs, fmt.Errorf("two processes are called %s", p.Name))
		}
		names = append(names, p.Name)
	}
	known := true
	for _, p := range all {
		for _, other := range p.DependsOn {
			if !slices.Contains(names, other) {
				known = false
				errs = append(errs, fmt.Errorf("process %s depends on %s, which is no process%s", p.Name, other, nearest.Hint(other, names)))
			}
		}
	}
	if circle := circleOf(all); known && circle != nil {
		errs = append(errs, fmt.Errorf("processes wait for each other: %s", strings.Join(circle, " depends on ")))
	}
	return errors.Join(errs...)
}

// circleOf finds processes that wait for each other, the first named once more at
// the end; nil if there are none.
func circleOf(all []Process) []string {
	needs := map[string][]string{}
	for _, p := range all {
		needs[p.Name] = p.DependsOn
	}
	done := map[string]bool{}
	var path []string
	var visit func(name string) []string
	visit = func(name string) []string {
		if i := slices.Index(path, name); i >= 0 {
			return append(slices.Clone(path[i:]), name)
		}
		if done[name] {
			return nil
		}
		path = append(path, name)
		for _, other := range needs[name] {
			if circle := visit(other); circle != nil {
				return circle
			}
		}
		path = path[:len(path)-1]
		done[name] = true
		return nil
	}
	for _, p := range all {
		if circle := visit(p.Name); circle != nil {
			return circle
		}
	}
	return nil
}
