package manifest

import (
	"context"

	"holdfast.dev/holdfast/harness/database"
)

// setup compiles how the data is made.
func (c *compiler) setup() {}

// data is the data set of a scenario's parameters.
func (c *compiler) data(s Scenario) database.DataSet {
	return database.DataSet{Name: c.File.Name, Key: c.File.Name, Build: func(context.Context, string) error { return nil }}
}
