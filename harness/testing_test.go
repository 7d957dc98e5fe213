package harness_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/database"
	"holdfast.dev/holdfast/harness/result"
)

// suiteVariable makes TestScenariosAsGoTest the test of a team, whose result is
// kept in that directory.
const suiteVariable = "TEST_SUITE"

// withoutData is the small scenario of a service that has no database.
func withoutData(how string) harness.Scenario {
	s := guarding(how)
	s.World = harness.World{}
	return s
}

// TestScenariosAsGoTest is what a team writes. It is run by the tests below, in a
// process of its own, and does nothing by itself.
func TestScenariosAsGoTest(t *testing.T) {
	out := os.Getenv(suiteVariable)
	if out == "" {
		return
	}
	cfg := config(t)
	cfg.Out, cfg.Repeat = out, nil
	cfg.Database = database.Options{Provider: "no database is needed, and none is opened"}
	harness.Test(t, cfg, withoutData("good"), withoutData("broken"))
}

// goTest runs a part of TestScenariosAsGoTest.
func goTest(t *testing.T, pattern string) (output string, run *result.Run, err error) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run", pattern)
	cmd.Env = append(os.Environ(), suiteVariable+"="+out)
	text, failed := cmd.CombinedOutput()
	f, err := os.Open(filepath.Join(out, "run.json"))
	if err != nil {
		return string(text), nil, failed
	}
	defer f.Close()
	run, err = result.Read(f)
	require.NoError(t, err)
	return string(text), run, failed
}

func TestOneScenarioOfAGoTestCostsOne(t *testing.T) {
	output, run, err := goTest(t, "^TestScenariosAsGoTest$/^test$/^good$")
	require.NoError(t, err, output)
	require.Len(t, run.Scenarios, 1)
	require.True(t, run.Complete)
	require.Equal(t, result.Pass, run.Verdict, run.Reason)
	require.Empty(t, run.Environment.Database)
	require.NotContains(t, run.Scenarios[0].Settings, "DATABASE_URL")
	require.Contains(t, output, "--- PASS: TestScenariosAsGoTest/test/good/web.ok_ratio", "a subtest for each check")
}

func TestAFailureOfAGoTestSaysHowToRepeatIt(t *testing.T) {
	output, run, err := goTest(t, "^TestScenariosAsGoTest$")
	require.Error(t, err)
	require.Len(t, run.Scenarios, 2)
	require.Equal(t, result.Pass, run.Scenarios[0].Verdict)
	require.NotEqual(t, result.Pass, run.Scenarios[1].Verdict)
	const repeat = "go test -count=1 -run '^TestScenariosAsGoTest$/^test$/^broken$' holdfast.dev/holdfast/harness"
	require.Contains(t, output, "repeat: "+repeat)
	require.Equal(t, repeat, run.Scenarios[1].Repeat)
}

func TestAGoTestOfWhichNothingIsRunStartsNothing(t *testing.T) {
	_, run, err := goTest(t, "^TestScenariosAsGoTest$/^other$")
	require.NoError(t, err)
	require.Nil(t, run)
}
