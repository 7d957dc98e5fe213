package manifest

import (
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
)

// world compiles what a scenario starts from.
func (c *compiler) world() harness.World {
	w := harness.World{Dependencies: c.outside, Once: c.once, Each: c.each}
	name := c.database()
	if name == "" {
		return w
	}
	d, _ := c.File.Dependencies.Get(name)
	w.DatabaseName = name
	if len(d.Export) > 0 {
		w.DatabaseEnv = d.Export.Map()
	}
	w.Data = c.data()
	w.Postgres = database.Wants{Image: d.Postgres.Image, Extensions: d.Postgres.Extensions, Superuser: d.Postgres.Superuser, Settings: d.Postgres.Settings.Map()}
	return w
}
