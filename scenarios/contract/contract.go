// Package contract is what the scenarios ask of a service, and all that they know of
// it: how it is asked, what its answers mean, what there is to find, where its
// dependencies are, and what can be set.
//
// Enter at [Search], [Impact] and [Tasks]; a scenario in the making is a [Draft]. Who
// tells them is another package's: package reference knows our own services, package
// mapped what a team tells of its own. What nobody told a scenario goes without: it is
// not exercised, and says which line would tell it ([Untold]).
package contract

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
)

// Untold is something that a scenario needs to know and nobody told.
type Untold struct {
	// Key is where it would be told, from the root of a service's file.
	Key string
	// Example is what may stand there. Without one nothing can be added, and Key says why.
	Example string
}

// String says what is missing and what to add.
func (u Untold) String() string {
	if u.Example == "" {
		return "cannot be told: " + u.Key
	}
	return fmt.Sprintf("not told: add %s: %s", u.Key, u.Example)
}

// UnmappedError says which word of an answer nobody told the meaning of: nothing can be said
// of what it stands for, whatever the service did.
type UnmappedError struct{ What string }

func (e *UnmappedError) Error() string { return e.What }

// Facts of a scenario over a service of which less is known than everything.
const (
	JudgedBy = "answers are judged by"
	NotSet   = "left as it is, for nobody told how it is set"
	// NotLookedAt is what a scenario leaves out, for the service tells nothing of it.
	NotLookedAt = "not looked at, for nothing tells of it"
	// NotTried are faults that a scenario leaves out.
	NotTried = "not tried, for it could not be told from what is right"
)

// Knob is one thing of a service that may be set, or is what it is.
type Knob struct {
	// Env are variables of all its processes, EnvIn of one by its name, that set it:
	// {value} stands for a time as Go writes it or for a number, {ms} and {s} for a time
	// in milliseconds and in seconds. None: it cannot be set.
	Env   map[string]string
	EnvIn map[string]map[string]string
	// Is the time that it is where nobody sets it; 0 where nobody knows.
	Is time.Duration
}

// Placeholders are the names that texts of [Knob.Env] have for what it is set to.
func Placeholders() []string { return []string{"value", "ms", "s"} }

// Settable reports whether it can be set.
func (k Knob) Settable() bool { return len(k.Env)+len(k.EnvIn) > 0 }

// Set has a scenario set it to a time as Go writes it, or to a number.
func (k Knob) Set(s *harness.Scenario, value string) {
	fill := strings.NewReplacer("{value}", value, "{ms}", inUnits(value, time.Millisecond), "{s}", inUnits(value, time.Second))
	s.Settings = filled(s.Settings, k.Env, fill)
	for process, env := range k.EnvIn {
		in := maps.Clone(s.SettingsIn)
		if in == nil {
			in = map[string]map[string]string{}
		}
		in[process] = filled(in[process], env, fill)
		s.SettingsIn = in
	}
}

// filled is an environment with more variables.
func filled(env, more map[string]string, fill *strings.Replacer) map[string]string {
	all := maps.Clone(env)
	if all == nil && len(more) > 0 {
		all = map[string]string{}
	}
	for name, text := range more {
		all[name] = fill.Replace(text)
	}
	return all
}

// inUnits is a time as a number of units; a number stays what it is.
func inUnits(value string, unit time.Duration) string {
	d, err := time.ParseDuration(value)
	if err != nil {
		return value
	}
	return strconv.FormatFloat(float64(d)/float64(unit), 'f', -1, 64)
}

// Lines are what nobody told, a line each.
func Lines(all []Untold) []string {
	lines := make([]string, len(all))
	for i, u := range all {
		lines[i] = u.String()
	}
	return lines
}
