package harness

import (
	"cmp"
	"slices"
	"time"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/step"
)

// Action is something that is done to the target once while there is load, for example
// a migration. It is carried out with the environment of one of its processes; what it
// starts is gone with the scenario at the latest. That it fails is a finding.
type Action struct {
	// Name is what the report calls it. Required.
	Name string
	// Step is what is done. Its own Name is not used.
	Step step.Step
	// EnvOf is the process whose environment and folder a command gets. Defaults to the
	// entry.
	EnvOf string
	// During is the phase in which it begins, After how long after the start of that
	// phase. Default to inject, and at once.
	During string
	After  time.Duration
}

// at is when it begins.
func (a Action) at(t Timeline) time.Duration {
	return t.Start(cmp.Or(a.During, result.Inject)) + a.After
}

// validateActions reports actions that are none, or never begin.
func (s Scenario) validateActions(p *problems) {
	var names []string
	for _, a := range s.Actions {
		phase := cmp.Or(a.During, result.Inject)
		switch {
		case a.Name == "":
			p.say("an action has no name")
		case slices.Contains(names, a.Name):
			p.say("two actions are named %q", a.Name)
		case !slices.Contains(loadPhases(), phase):
			p.say("action %q: there is no phase %q%s", a.Name, phase, hint(phase, loadPhases()))
		case s.Timeline.Length(phase) <= 0:
			p.say("action %q: the phase %q does not take place", a.Name, phase)
		case a.After < 0 || a.After >= s.Timeline.Length(phase):
			p.say("action %q: %s is over before it begins, %s after its start", a.Name, phase, a.After)
		}
		names = append(names, a.Name)
		if err := a.Step.Validate(); err != nil {
			p.say("action %q: %w", a.Name, err)
		}
		s.validateDatabase(p, "action "+a.Name, a.Step)
	}
}

// loadPhases are those of the load.
func loadPhases() []string {
	return []string{result.WarmUp, result.Baseline, result.Inject, result.Heal}
}
