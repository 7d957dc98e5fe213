// Package providers puts all ways to a Postgres together, as the command line
// and the project's own tests have them. A program that wants fewer modules
// lists in [database.Options] only the providers that it needs. The build tag slim, for
// images, leaves out what weighs most.
package providers

import (
	"holdfast.dev/holdfast/harness/database"
)

// FromEnvironment returns options with all four ways, in the order in which
// [database.Auto] tries them, as the environment sets them.
func FromEnvironment(getenv func(string) string) database.Options {
	o := database.FromEnvironment(getenv)
	o.Providers = []database.Provider{
		database.DSNFrom(getenv),
		inContainer(getenv),
		database.Local(),
		fetched(),
	}
	return o
}

// Names returns every name that [database.Options.Provider] may have with them.
func Names() []string { return FromEnvironment(func(string) string { return "" }).Names() }
