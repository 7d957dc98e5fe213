package manifest

import (
	"os"
	"strings"
	"testing"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios/contract"
)

// Test runs the scenarios of a holdfast.yaml as a Go test, as [harness.Test] does: each
// in a subtest of its own and, in it, one for each check and each piece of evidence.
// Those that are slow are left out. Its ${NAME} are the environment's.
//
// Change what the harness is told by configure, for example where Postgres comes from,
// or where results go.
func Test(t *testing.T, path string, configure ...func(*harness.Config)) {
	t.Helper()
	TestWith(t, path, nil, configure...)
}

// TestWith is [Test] with further scenarios, over what the contracts of the file tell: of the
// catalogue those of scenarios.Smoke. One that needs what the file does not tell is
// skipped, with the line to add.
func TestWith(t *testing.T, path string, catalogue func(contract.All) []harness.Scenario, configure ...func(*harness.Config)) {
	t.Helper()
	s, err := Load(path, Options{Environment: os.LookupEnv})
	if err != nil {
		t.Fatal(err)
	}
	covered, err := s.Covered()
	if err != nil {
		t.Fatal(err)
	}
	config := harness.Config{Profile: "own", Target: s.Launch, Coverage: covered.By}
	for _, change := range configure {
		change(&config)
	}
	all := s.Scenarios
	if catalogue != nil {
		all = append(all, catalogue(s.Contracts())...)
	}
	harness.Test(t, config, quick(t, all)...)
}

// quick are the scenarios that a test runs; of the others that cannot be run it says why.
func quick(t *testing.T, all []harness.Scenario) []harness.Scenario {
	t.Helper()
	var some []harness.Scenario
	for _, scenario := range all {
		switch {
		case scenario.Slow:
		case len(scenario.Lacks) > 0:
			t.Run(scenario.Name, func(t *testing.T) { t.Skip(strings.Join(scenario.Lacks, "; ")) })
		default:
			some = append(some, scenario)
		}
	}
	return some
}
