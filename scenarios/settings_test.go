package scenarios_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/reference/settings"
	"holdfast.dev/holdfast/scenarios"
)

// everything is the catalogue of a profile with what gains measure.
func everything(p scenarios.Profile) []harness.Scenario {
	all := scenarios.Catalogue(p)
	for _, promise := range scenarios.Promises(p) {
		all = append(all, promise.Scenario)
	}
	for _, growth := range scenarios.Growths(p) {
		for _, size := range growth.Sizes {
			all = append(all, size.Scenario)
		}
	}
	return all
}

// A setting that the target does not read would change nothing, and one that it
// refuses would keep it from starting: the scenario would show something else
// than it says.
func TestEveryScenarioSetsWhatTheTargetTakes(t *testing.T) {
	for _, name := range scenarios.ProfileNames() {
		for _, s := range everything(profileNamed(t, name)) {
			require.NoError(t, settings.Check(s.Settings), "%s in %s", s.Name, name)
		}
	}
}

// What a scenario sets and what takes a protection away go together.
func TestEveryProtectionCanBeTakenFromEveryScenario(t *testing.T) {
	for _, p := range scenarios.Protections() {
		require.Len(t, p.Off, 1, p.Name)
		require.NotEmpty(t, p.About, p.Name)
		for _, s := range everything(profileNamed(t, "smoke")) {
			env := maps.Clone(s.Settings)
			if env == nil {
				env = map[string]string{}
			}
			maps.Copy(env, p.Off)
			require.NoError(t, settings.Check(env), "%s without %s", s.Name, p.Name)
		}
	}
}
