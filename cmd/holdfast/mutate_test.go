package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/mutants"
)

// Each invented mutant is found in the source as it stands, once, and compiles.
// Whether its program is another one is seen when it is built.
func TestEveryInventedMutantCompiles(t *testing.T) {
	const root = "../../"
	source, err := mutants.Load(t.Context(), root, mutatedPackages()...)
	require.NoError(t, err)
	c, err := mutants.Read(os.DirFS(root+mutantsCollection), source)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(c.Invented), 60)
	for _, m := range c.Invented {
		assert.NoError(t, source.Check(m), m.Name)
	}
	_, err = source.Drawable(c.Skipped)
	require.NoError(t, err)
}
