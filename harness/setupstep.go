package harness

import (
	"fmt"
	"slices"

	"holdfast.dev/holdfast/harness/step"
	"holdfast.dev/holdfast/message"
	"holdfast.dev/holdfast/nearest"
)

// SetupStep is one step by which a world comes to hold what scenarios start from.
type SetupStep struct {
	step.Step
	// EnvOf is the process whose environment and folder a command gets. Defaults to
	// the entry.
	EnvOf string
	// Writes names what the step must be seen to write to: the database, or a
	// dependency. A command that ends well and has written nothing there fails.
	Writes []string
	// WhenReady has a step of [World.Each] wait until the target is ready. A request
	// needs it.
	WhenReady bool
	// Capture takes values out of what a command prints, by message paths over its
	// output, for example token from json.key; of a request, see [step.Request].
	Capture map[string]string
	// Inputs are the files that a command reads, as globs from its folder, with **
	// for any folders: when none has changed, what it did is used again by the next
	// run. A command that names none is carried out in every run.
	Inputs []string
}

// validateSetup reports steps that could not be carried out.
func (s Scenario) validateSetup(p *problems) {
	for _, one := range s.World.Once {
		s.validateStep(p, "setup.once: "+one.String(), one)
		switch {
		case one.WhenReady:
			p.say("setup.once: %s: the target is not started yet; a step after it is ready belongs to setup.each", one)
		case one.Request != nil:
			p.say("setup.once: %s: no process of the target runs yet; a request belongs to setup.each, after it is ready", one)
		}
	}
	for _, one := range s.World.Each {
		s.validateStep(p, "setup.each: "+one.String(), one)
		if one.Request != nil && !one.WhenReady {
			p.say("setup.each: %s: a request waits until the target is ready", one)
		}
	}
}

func (s Scenario) validateStep(p *problems, what string, one SetupStep) {
	if err := one.Validate(); err != nil {
		p.say("%s: %w", what, err)
	}
	var writable []string
	if s.World.hasData() {
		writable = append(writable, s.World.databaseName())
	} else if one.SQL != "" {
		p.say("%s: the scenario has no database for its SQL", what)
	}
	for _, d := range s.World.Dependencies {
		writable = append(writable, d.Name)
	}
	for _, name := range one.Writes {
		if !slices.Contains(writable, name) {
			p.say("%s: it is to write to %s, which is neither the database nor a dependency%s", what, name, nearest.Hint(name, writable))
		}
	}
	if len(one.Capture) > 0 && len(one.Run) == 0 {
		p.say("%s: values are captured from what a command prints, or by the request itself", what)
	}
	for name, path := range one.Capture {
		if _, err := message.ParsePath(path); err != nil {
			p.say("%s: %s: %w", what, name, err)
		}
	}
	for _, glob := range one.Inputs {
		if _, err := globOf(glob); err != nil {
			p.say("%s: %w", what, err)
		}
	}
}

// captured are the values that a command has printed.
func (one SetupStep) captured(printed []byte) (map[string]string, error) {
	if len(one.Capture) == 0 {
		return nil, nil
	}
	values := map[string]string{}
	for name, text := range one.Capture {
		path, err := message.ParsePath(text)
		if err != nil {
			return nil, fmt.Errorf("capture %s: %w", name, err)
		}
		value, ok := path.Of(&message.Message{Body: printed})
		if !ok {
			return nil, fmt.Errorf("capture %s: what it printed has no %s", name, text)
		}
		values[name] = value
	}
	return values, nil
}
