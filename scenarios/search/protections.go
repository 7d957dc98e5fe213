package search

import (
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/reference/settings"
	"holdfast.dev/holdfast/scenarios/profile"
)

// Protections are the safeguards of the service that can be taken away.
func Protections() []harness.Protection { return profile.Protections(settings.Search()) }
