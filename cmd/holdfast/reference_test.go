package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
)

// Whatever --target may say has a runtime: without one, what a killed run left there is
// not cleared either.
func TestTheReferenceHasARuntimeForEachTarget(t *testing.T) {
	for _, kind := range []harness.LaunchKind{harness.AsProcess, harness.AsContainer} {
		launch, err := runFlags{target: string(kind)}.reference()
		require.NoError(t, err)
		require.Equal(t, kind, launch.Kind)
		var names []string
		for _, r := range launch.Runtimes {
			names = append(names, r.Name)
		}
		require.Contains(t, names, string(kind))
	}
}
