package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios"
)

// Whoever copies a check of the catalogue as text has the same check.
func TestEveryCheckOfTheCatalogueIsReadBackAsItIs(t *testing.T) {
	read := 0
	for _, name := range scenarios.ProfileNames() {
		profile, err := scenarios.ProfileByName(name)
		require.NoError(t, err)
		for _, s := range scenarios.Catalogue(profile) {
			for _, c := range s.Checks {
				got, err := verdict.ParseCheck(c.Text())
				require.NoError(t, err, "%s: %s", s.Name, c.Text())
				require.Equal(t, c, got, "%s: %s", s.Name, c.Text())
				read++
			}
		}
	}
	require.NotZero(t, read)
}
