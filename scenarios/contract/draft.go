package contract

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast.dev/holdfast/harness"
)

// Draft is a scenario in the making: it takes note of what the scenario sets, and of what
// it needs to know and nobody told.
type Draft struct {
	set    harness.Scenario // its settings alone
	untold []Untold
	unset  []string // what would be in its way, and nobody told how it is set
}

// Needs takes note of something that nobody told.
func (d *Draft) Needs(u Untold) {
	if !slices.Contains(d.untold, u) {
		d.untold = append(d.untold, u)
	}
}

// Give sets something that would be in the scenario's way. Where it cannot be set, there
// is no such thing, or it is as it is.
func (d *Draft) Give(setting Setting, knob Knob, value string) {
	if !knob.Settable() {
		d.unset = append(d.unset, string(setting))
		return
	}
	knob.Set(&d.set, value)
}

// Number sets a number that the scenario is about. Key is where its knob would be told.
func (d *Draft) Number(key string, knob Knob, value int) {
	if !knob.Settable() {
		d.Needs(Untold{Key: key, Example: `{ NAME: "{value}" }`})
		return
	}
	knob.Set(&d.set, strconv.Itoa(value))
}

// Bound sets a time that the scenario is about, and returns what it is: that, or where
// it cannot be set what it is anyway. Key is where its knob would be told.
func (d *Draft) Bound(key string, knob Knob, want time.Duration) time.Duration {
	switch {
	case knob.Settable():
		knob.Set(&d.set, want.String())
	case knob.Is > 0:
		return knob.Is
	default:
		d.Needs(Untold{Key: key, Example: "2s, or the variable that sets it: { NAME: \"{ms}\" }"})
	}
	return want
}

// Of is a scenario with what the draft set. One of which something was not told cannot
// be run, and ok is false: it says what it lacks.
func (d *Draft) Of(sc harness.Scenario) (out harness.Scenario, ok bool) {
	if len(d.untold) > 0 {
		return harness.Scenario{
			Name: sc.Name, Claim: sc.Claim, Protections: sc.Protections, Headline: sc.Headline, Slow: sc.Slow, Lacks: Lines(d.untold),
		}, false
	}
	if len(d.unset) > 0 {
		sc.World = sc.World.With(NotSet, strings.Join(d.unset, ", "))
	}
	sc.Settings, sc.SettingsIn = maps.Clone(d.set.Settings), d.set.SettingsIn
	return sc, true
}
