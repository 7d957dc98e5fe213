package scenarios_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/scenarios"
)

var update = flag.Bool("update", false, "write the golden files again")

// planned is how many requests of each stream are compared, and planSeed the seed.
const (
	planned  = 10_000
	planSeed = 1
)

// A change of the code that is meant to change no load changes no request: when
// each is due, and what it asks. Where the load is meant to change, -update
// writes the file again, and its diff shows which streams did.
func TestThePlansAreAsRecorded(t *testing.T) {
	const golden = "testdata/plans.json"
	got := map[string]map[string]string{}
	for _, name := range scenarios.ProfileNames() {
		got[name] = map[string]string{}
		for _, s := range scenarios.Catalogue(profileNamed(t, name)) {
			for _, stream := range s.Load {
				got[name][s.Name+" "+stream.Name] = load.PlanHash(planSeed, stream, planned)
			}
		}
	}
	if *update {
		text, err := json.MarshalIndent(got, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o644))
	}
	text, err := os.ReadFile(golden)
	require.NoError(t, err)
	var want map[string]map[string]string
	require.NoError(t, json.Unmarshal(text, &want))
	require.Equal(t, want, got)
}
