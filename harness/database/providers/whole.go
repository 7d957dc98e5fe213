//go:build !slim

package providers

import (
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/database/container"
	"holdfast.dev/holdfast/harness/database/embedded"
)

// inContainer is the way to a Postgres in a container.
func inContainer(getenv func(string) string) database.Provider {
	return container.Provider(getenv(container.ImageVariable))
}

// fetched is the way to binaries that are fetched once.
func fetched() database.Provider { return embedded.Provider("") }

// Fetches reports whether a way may fetch what it runs.
func Fetches(name string) bool { return name == embedded.Name }
