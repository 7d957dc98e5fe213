package manifest

import (
	"holdfast.dev/holdfast/harness"
)

// world compiles what a scenario starts from.
func (c *compiler) world(path string, s Scenario) harness.World {
	w := harness.World{Dependencies: c.outside, Once: c.once, Each: c.each}
	if name := c.database(); name != "" {
		d, _ := c.File.Dependencies.Get(name)
		w.DatabaseName, w.DatabaseEnv = name, d.Export.Map()
		w.Data = c.data(s)
	}
	return w
}
