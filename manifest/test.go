package manifest

import (
	"os"
	"testing"

	"holdfast.dev/holdfast/harness"
)

// Test runs the scenarios of a holdfast.yaml as a Go test, as [harness.Test] does: each
// in a subtest of its own and, in it, one for each check and each piece of evidence.
// Those that are slow are left out. Its ${NAME} are the environment's.
//
// Change what the harness is told by configure, for example where Postgres comes from,
// or where results go.
func Test(t *testing.T, path string, configure ...func(*harness.Config)) {
	t.Helper()
	s, err := Load(path, Options{Environment: os.LookupEnv})
	if err != nil {
		t.Fatal(err)
	}
	config := harness.Config{Profile: "own", Target: s.Launch}
	for _, change := range configure {
		change(&config)
	}
	var all []harness.Scenario
	for _, scenario := range s.Scenarios {
		if !scenario.Slow {
			all = append(all, scenario)
		}
	}
	harness.Test(t, config, all...)
}
