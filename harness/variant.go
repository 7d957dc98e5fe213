package harness

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
)

// Variant is one way to have the service under test: the intact one, which is the
// zero value, one that lacks a protection, another build of it.
type Variant struct {
	// Name is what progress calls it. Defaults to what it is.
	Name string
	// Program is another binary than that of [Launch], with the same arguments.
	Program string
	// Env is set over the scenario's own settings.
	Env map[string]string
	// Without lists the protections that are taken away.
	Without []Protection
	// MemoryLimit in bytes; 0 is that of [Launch].
	MemoryLimit uint64
}

// String names it for people, for example "without search.sql-limit".
func (v Variant) String() string {
	switch {
	case v.Name != "":
		return v.Name
	case len(v.Without) > 0:
		return "without " + strings.Join(v.without(), ", ")
	default:
		return "the intact target"
	}
}

// without names the protections that are taken away.
func (v Variant) without() []string {
	names := make([]string, len(v.Without))
	for i, p := range v.Without {
		names[i] = p.Name
	}
	return names
}

// settings is the part of the target's environment that is known before anything
// is started: the scenario's, the variant's, and what takes protections away.
func (v Variant) settings(s Scenario) map[string]string {
	env := map[string]string{}
	maps.Copy(env, s.Settings)
	maps.Copy(env, v.Env)
	for _, p := range v.Without {
		maps.Copy(env, p.Off)
	}
	return env
}

// validate reports protections that nothing takes away: the variant would be the
// intact target under another name.
func (v Variant) validate() error {
	var errs []error
	for _, p := range v.Without {
		if p.isEmpty() {
			errs = append(errs, &InvalidError{Subject: "protection " + p.Name, Problems: []error{errors.New("no setting takes it away")}})
		}
	}
	return errors.Join(errs...)
}

// launch is how the variant is started.
func (v Variant) launch(l Launch) Launch {
	l.Program = cmp.Or(v.Program, l.Program)
	l.MemoryLimit = cmp.Or(v.MemoryLimit, l.MemoryLimit)
	return l
}

// repeat is what to type to run a scenario with this variant again, in a run of
// which some protections are taken away already.
func (v Variant) repeat(c Config, scenario string) string {
	command := c.Repeat(scenario)
	if command == "" {
		return ""
	}
	for _, p := range v.Without {
		if !slices.ContainsFunc(c.Without, func(w Protection) bool { return w.Name == p.Name }) {
			command += " --without " + p.Name
		}
	}
	return command
}
