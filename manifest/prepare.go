package manifest

import (
	"context"
	"fmt"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
)

// setup compiles how the data is made.
func (c *compiler) setup() {
	n := names{known: c.given()}
	for _, d := range c.File.Dependencies {
		for _, part := range ofDependency(d.Value) {
			n = n.with(d.Name + "." + part)
		}
	}
	for i, s := range c.File.Setup.Once {
		path := fmt.Sprintf("setup.once[%d]", i)
		switch {
		case s.Request != nil:
			c.report.Say(path+".request", "no process runs yet: a request belongs to each, with after: ready")
		case s.After != "":
			c.report.Say(path+".after", "no process runs yet: a step after it is ready belongs to each")
		}
		c.once = append(c.once, c.setupStep(path, s, n))
		n = n.with(s.Capture.Names()...)
	}
	n = n.with(c.addresses()...)
	for i, s := range c.File.Setup.Each {
		path := fmt.Sprintf("setup.each[%d]", i)
		if s.Request != nil && s.After == "" {
			c.report.Say(path, "a request waits until the processes are ready: write after: ready")
		}
		c.each = append(c.each, c.setupStep(path, s, n))
		n = n.with(s.Capture.Names()...)
	}
	if len(c.File.Setup.Once)+len(c.File.Setup.Each) > 0 && c.Launch.URL != "" {
		c.report.Say("setup", "what somebody else runs is never migrated or seeded")
	}
}

// setupStep compiles one step of setup.
func (c *compiler) setupStep(path string, s Step, n names) harness.SetupStep {
	out := harness.SetupStep{Step: c.step(path, s, n), EnvOf: s.EnvOf, Writes: s.Writes, WhenReady: s.After != "", Inputs: s.Inputs}
	if len(s.Run) > 0 {
		out.Capture = c.captures(path+".capture", s.Capture)
	} else if s.EnvOf != "" {
		c.report.Say(path+".env_of", "only a command has an environment")
	}
	if s.EnvOf != "" {
		c.process(path+".env_of", s.EnvOf)
	}
	for _, name := range s.Writes {
		if d, ok := c.File.Dependencies.Get(name); !ok {
			c.report.Say(path+".writes", "there is no dependency %s%s", quote(name), c.nearestOf(name, c.File.Dependencies.Names()))
		} else if d.Address != "" {
			c.report.Say(path+".writes", "%s is somebody else's, and is never written into", name)
		}
	}
	return out
}

// data is an empty database, which the steps of setup fill.
func (c *compiler) data() database.DataSet {
	return database.DataSet{Name: c.File.Name, Key: c.File.Name, Build: func(context.Context, string) error { return nil }}
}
