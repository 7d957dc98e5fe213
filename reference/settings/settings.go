// Package settings is what can be set of the reference's services, as one table
// for each: the name of the environment variable, its default, what it means,
// what it may be, and the protection that it switches.
//
// Enter at [Server], [Search], [Oracle] and [Task]. A service reads its
// configuration from its table with [Read], which fills the struct whose fields
// are tagged with the names; the documents list [All]; what can be taken away is
// [Table.Protections]; and [Check] tells, before anything runs, whether an
// environment is one that the services would take.
//
// It knows of the services' code nothing, so that scenarios may know it.
package settings

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast.dev/holdfast/nearest"
)

// Setting is one environment variable that a service understands.
type Setting struct {
	Name    string
	Default string // as it would be written in the environment; empty for none
	Meaning string // one sentence

	// Protection is the name of the safeguard that the setting switches, Off the
	// value that takes it away, and About what it does; all are empty for a
	// setting that switches none.
	Protection, Off, About string

	kind     kind
	min, max string             // as they would be written; empty for 0 and for no bound
	form     func(string) error // what a text has to look like; nil: anything
	required string             // what to set it to; empty for a setting that may be left out
}

// Table is the settings of one service, in the order in which they are told.
type Table []Setting

// All lists the settings of the whole program.
func All() Table { return slices.Concat(Server(), Search(), Oracle(), Task()) }

// Protections lists the settings that switch a safeguard.
func (t Table) Protections() Table {
	return slices.DeleteFunc(slices.Clone(t), func(s Setting) bool { return s.Protection == "" })
}

// Check reports all that is wrong with an environment, by name: a variable that
// no service reads, with the one that was probably meant, and a value that its
// service would refuse. What is missing is not wrong. Texts are quoted in it,
// except those that may be secret.
func Check(env map[string]string) error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(env)) {
		problems = append(problems, All().check(name, env[name]))
	}
	return errors.Join(problems...)
}

// check looks at one variable.
func (t Table) check(name, value string) error {
	i := slices.IndexFunc(t, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return fmt.Errorf("%s: there is no such setting%s", name, nearest.Hint(name, t.names()))
	}
	if value = strings.TrimSpace(value); value == "" {
		return nil // the default
	}
	_, err := t[i].read(value)
	return err
}

func (t Table) names() []string {
	names := make([]string, len(t))
	for i, s := range t {
		names[i] = s.Name
	}
	return names
}
