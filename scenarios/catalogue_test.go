package scenarios_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/verdict"
	"holdfast.dev/holdfast/scenarios"
)

// What was once seen to fail is a check that there is: a renamed metric or a
// check that was taken out would leave a proof of nothing behind.
func TestEveryProvenCheckIsInTheCatalogue(t *testing.T) {
	proven, err := scenarios.ProvenChecks()
	require.NoError(t, err)
	require.NotEmpty(t, proven)
	for name, checks := range proven {
		of := map[string]bool{}
		claims := map[string]bool{}
		for _, s := range scenarios.Catalogue(profileNamed(t, "smoke")) {
			if s.Name != name {
				continue
			}
			for _, c := range s.Checks {
				of[result.Check{Metric: c.Metric, Phase: c.Phase, Op: string(c.Op)}.Key()] = true
			}
			for _, p := range s.Protections {
				claims[p] = true
			}
		}
		for key, seen := range checks {
			standing := strings.HasPrefix(key, "standing.") // what none has written
			require.True(t, of[key] || standing, "%s has no check %q", name, key)
			require.True(t, claims[seen.Without] || strings.HasPrefix(seen.Without, "mutant."), "%s: %q was seen to fail without %s, which the scenario does not claim", name, key, seen.Without)
		}
	}
}

// A name that nobody has would measure the intact target and call it the one before.
func TestWhatWasPromisedTakesSomethingAway(t *testing.T) {
	for _, name := range scenarios.ProfileNames() {
		p := profileNamed(t, name)
		for _, promise := range scenarios.Promises(p) {
			require.NoError(t, promise.Scenario.Validate(), promise.Name)
			takesAway(t, promise.Name, promise.Before)
			checks(t, promise.Scenario, promise.Metric)
			require.True(t, promise.Gain > 0 && promise.Gain <= 1, promise.Name)
		}
		for _, growth := range scenarios.Growths(p) {
			takesAway(t, growth.X, growth.Before)
			require.Len(t, growth.Metrics, len(growth.Names), growth.X)
			for _, size := range growth.Sizes {
				require.NoError(t, size.Scenario.Validate(), growth.X)
				for _, metric := range growth.Metrics {
					checks(t, size.Scenario, metric)
				}
			}
		}
	}
}

func takesAway(t *testing.T, name string, before []harness.Protection) {
	t.Helper()
	require.NotEmpty(t, before, name)
	for _, p := range before {
		require.NotEmpty(t, p.Off, "%s: there is no protection %s", name, p.Name)
	}
}

func checks(t *testing.T, s harness.Scenario, metric string) {
	t.Helper()
	require.True(t, slices.ContainsFunc(s.Checks, func(c verdict.Check) bool { return c.Metric == metric }), "%s does not check %s", s.Name, metric)
}

// The two sides of a promise differ in what is taken away and in nothing else,
// so no two of its experiments may share a name and not a load.
func TestPromisesAreToldApart(t *testing.T) {
	type key struct{ name, where string }
	seen := map[key]bool{}
	for _, p := range scenarios.Promises(profileNamed(t, "bench")) {
		k := key{p.Name, result.Words(p.Where)}
		require.False(t, seen[k], "%v is promised twice", k)
		seen[k] = true
	}
}

// Each service has one scenario at least that stands for it in the main job.
func TestEachServiceHasAHeadline(t *testing.T) {
	headlines := map[string]int{}
	for _, s := range scenarios.Catalogue(profileNamed(t, "smoke")) {
		service, _, _ := strings.Cut(s.Name, "/")
		headlines[service] += 0
		if s.Headline {
			headlines[service]++
			require.False(t, s.Slow, "%s is left out of the job that it stands for", s.Name)
		}
	}
	require.Len(t, headlines, 3)
	for service, n := range headlines {
		require.Positive(t, n, service)
	}
}

// A protection is named after its service, and no two are taken away alike.
func TestProtectionsAreNamedAfterTheirService(t *testing.T) {
	off := map[string]string{}
	for _, p := range scenarios.Protections() {
		service, what, ok := strings.Cut(p.Name, ".")
		require.True(t, ok && what != "", p.Name)
		require.Contains(t, []string{"search", "oracle", "task"}, service, p.Name)
		require.NotEmpty(t, p.About, p.Name)
		for name, value := range p.Off {
			require.Empty(t, off[name+"="+value], "%s is taken away as %s is", p.Name, off[name+"="+value])
			off[name+"="+value] = p.Name
		}
	}
}
