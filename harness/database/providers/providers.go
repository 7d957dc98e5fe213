// Package providers puts all ways to a Postgres together, as the command line
// and the project's own tests have them. A program that wants fewer modules
// lists in [database.Options] only the providers that it needs.
package providers

import (
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/container"
	"holdfast.dev/holdfast/harness/database/embedded"
)

// FromEnvironment returns options with all four ways, in the order in which
// [database.Auto] tries them, as the environment sets them.
func FromEnvironment(getenv func(string) string) database.Options {
	o := database.FromEnvironment(getenv)
	o.Providers = []database.Provider{
		database.DSNFrom(getenv),
		container.Provider(getenv(container.ImageVariable)),
		database.Local(),
		embedded.Provider(""),
	}
	return o
}

// Names returns every name that [database.Options.Provider] may have with them.
func Names() []string { return FromEnvironment(func(string) string { return "" }).Names() }
