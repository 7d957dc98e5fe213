//go:build slim

package providers

import (
	"context"
	"errors"

	"holdfast.dev/holdfast/harness/database"
)

// inContainer is closed in the small build of the image: there is no engine in it.
func inContainer(func(string) string) database.Provider {
	return closed("container", "starts no Postgres in a container")
}

// fetched is closed as well: binaries of Postgres need more than the image has.
func fetched() database.Provider { return closed("embedded", "fetches no Postgres") }

// Fetches reports whether a way may fetch what it runs.
func Fetches(string) bool { return false }

// closed is a way that this build has not, and that says so.
func closed(name, is string) database.Provider {
	return database.Provider{
		Name: name, Hint: "set " + database.URLVariable + ", or use the whole program, as make build makes it",
		Open: func(context.Context, database.Surroundings) (database.Instance, error) {
			return database.Instance{}, errors.New("this is the small build of the image, which " + is)
		},
	}
}
