package view

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/result"
)

func ptr[T any](v T) *T { return &v }

// sample is one of the runs that all reports are tried with.
func sample(t testing.TB, name string) *result.Run {
	t.Helper()
	f, err := os.Open("../testdata/" + name + ".json")
	require.NoError(t, err)
	run, err := result.Read(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return run
}

// passing is a scenario that passed, killed one whose target died for memory.
func passing(t testing.TB) result.Scenario { return sample(t, "passed").Scenarios[0] }
func killed(t testing.TB) result.Scenario  { return sample(t, "mixed").Scenarios[1] }
